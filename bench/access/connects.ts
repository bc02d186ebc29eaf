/** CONNECTs with tokens per second of the server's processor time, for each algorithm, with new tokens and with ones that come again. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createHmac, createSecretKey, generateKeyPairSync, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { encodePacket } from "@anax/protocol";
import { onCore } from "../support/on-core.ts";
import { PlainError } from "../support/plain-error.ts";
import { processorSeconds } from "../support/processor-seconds.ts";
import { freePort } from "../table/peers.ts";

const SERVER = fileURLToPath(new URL("../servers/anax-tokens.mjs", import.meta.url));
const SECRET = "a secret that has thirty-two bytes";
/** Clients that connect at a time. */
const AT_ONCE = 50;

/** What a client shows. */
export const TOKEN_KINDS = ["none", "HS256", "RS256", "ES256", "EdDSA"] as const;
export type TokenKind = (typeof TOKEN_KINDS)[number];

/** CONNECTs per second of processor time. */
export interface ConnectCost {
  readonly kind: TokenKind;
  /** Each token comes for the first time. */
  readonly fresh: number;
  /** The same tokens again. */
  readonly again: number;
}

interface Keys {
  /** What the server has. */
  readonly text: string;
  readonly signer: KeyObject | undefined;
}

function keysOf(kind: TokenKind): Keys {
  if (kind === "none") return { text: "", signer: undefined };
  if (kind === "HS256") return { text: SECRET, signer: createSecretKey(Buffer.from(SECRET)) };
  const { publicKey, privateKey } = pairOf(kind);
  return {
    text: publicKey.export({ type: "spki", format: "pem" }).toString(),
    signer: privateKey,
  };
}

function pairOf(kind: Exclude<TokenKind, "none" | "HS256">): {
  publicKey: KeyObject;
  privateKey: KeyObject;
} {
  if (kind === "RS256") return generateKeyPairSync("rsa", { modulusLength: 2_048 });
  if (kind === "ES256") return generateKeyPairSync("ec", { namedCurve: "P-256" });
  return generateKeyPairSync("ed25519");
}

function tokenOf(alg: TokenKind, key: KeyObject, subject: string): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = { sub: subject, groups: ["devices"], exp: Math.floor(Date.now() / 1_000) + 3_600 };
  const signed = `${part({ alg })}.${part(claims)}`;
  const hash = alg === "EdDSA" ? null : "sha256";
  const signature =
    alg === "HS256"
      ? createHmac("sha256", key).update(signed).digest()
      : sign(hash, Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" });
  return `${signed}.${signature.toString("base64url")}`;
}

/** So many packets, each with a token of its own. */
function packetsOf(kind: TokenKind, { signer }: Keys, count: number, first: number): Uint8Array[] {
  const packets: Uint8Array[] = [];
  for (let index = first; index < first + count; index += 1) {
    const token = signer && tokenOf(kind, signer, `device-${index}`);
    const password = token === undefined ? undefined : new TextEncoder().encode(token);
    const shown = password && { userName: "device", password };
    const clientId = `device-${index}`;
    packets.push(
      encodePacket(
        {
          type: "connect",
          protocolVersion: 4,
          clientId,
          cleanStart: true,
          keepAliveSeconds: 60,
          ...shown,
        },
        4,
      ),
    );
  }
  return packets;
}

/** Measures one kind of token with a server of its own. */
export async function connectCost(
  kind: TokenKind,
  count: number,
  serverCpu = "",
): Promise<ConnectCost> {
  const folder = mkdtempSync(join(tmpdir(), "anax-bench-tokens-"));
  const file = join(folder, "key");
  const keys = keysOf(kind);
  writeFileSync(file, keys.text);
  const port = await freePort();
  const [program, ...args] = onCore(serverCpu, [process.execPath, SERVER, String(port), file], {
    hasShortTurns: false,
  });
  const server = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(server, "exit");
  try {
    const isReady = await Promise.race([once(server.stdout, "data").then(() => true), ended]);
    if (isReady !== true) throw new PlainError("the server has ended: npm run build");
    const pid = server.pid ?? 0;
    // Code that runs for the first time is slow.
    await connectAll(port, packetsOf(kind, keys, count, 0));
    const packets = packetsOf(kind, keys, count, count);
    const rate = async (): Promise<number> => {
      const before = processorSeconds(pid);
      await connectAll(port, packets);
      return count / (processorSeconds(pid) - before);
    };
    const fresh = await rate();
    return { kind, fresh, again: await rate() };
  } finally {
    server.kill();
    await ended;
    rmSync(folder, { recursive: true });
  }
}

/** Has each packet answered with yes on a connection of its own. */
async function connectAll(port: number, packets: readonly Uint8Array[]): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    for (let packet = packets[next]; packet !== undefined; packet = packets[next]) {
      next += 1;
      const answer = await answerTo(port, packet);
      if (answer !== 0) throw new PlainError(`CONNECT was answered with ${answer}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

/** The Return Code of CONNACK; undefined if none came. */
function answerTo(port: number, packet: Uint8Array): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => void socket.write(packet));
    socket.once("error", reject);
    socket.once("close", () => resolve(undefined));
    socket.once("data", (bytes: Uint8Array) => {
      resolve(bytes[3]);
      socket.destroy();
    });
  });
}

/** One line for people. */
export function connectLine({ kind, fresh, again }: ConnectCost): string {
  const what = kind === "none" ? "without token" : kind;
  return `CONNECT ${what}: ${Math.round(fresh)} per second of processor time, ${Math.round(again)} where the same come again`;
}
