/** What a server asks who comes, and how it fails: an HTTP service, a key set at a URL, a file with a key. */
import { execFileSync } from "node:child_process";
import { generateKeyPairSync, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { freePort } from "../table/peers.ts";

/** What it is. */
export const BACK_ENDS = ["http", "jwks", "file"] as const;
export type BackEndKind = (typeof BACK_ENDS)[number];
/** How it fails. "slow" answers rightly after a second. */
export const FAILURES = ["stalled", "slow", "wrong", "absent"] as const;
export type Failure = (typeof FAILURES)[number];

const SLOW_MS = 1_000;
const RIGHT = "right";
const KEY_NAME = "first";

/** A back end that is well until it is told to fail. */
export class BackEnd {
  /** What the server is told: a URL or a path. */
  readonly source: string;
  readonly #kind: BackEndKind;
  readonly #port: number;
  readonly #folder = mkdtempSync(join(tmpdir(), "anax-bench-back-end-"));
  readonly #keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  readonly #others = generateKeyPairSync("ec", { namedCurve: "P-256" });
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  #failure: Failure | undefined;
  #strangers = 0;

  private constructor(kind: BackEndKind, port: number) {
    this.#kind = kind;
    this.#port = port;
    this.source = kind === "file" ? join(this.#folder, "key") : `http://127.0.0.1:${port}/`;
  }

  static async start(kind: BackEndKind): Promise<BackEnd> {
    const backEnd = new BackEnd(kind, await freePort());
    await backEnd.become(undefined);
    return backEnd;
  }

  /** The password of somebody that it knows, or of a stranger. */
  passwordOf(userName: string, isKnown: boolean): string {
    if (this.#kind === "http") return isKnown ? RIGHT : "guess";
    if (isKnown) return tokenOf(userName, KEY_NAME, this.#keys.privateKey);
    // Every other one names a key that nobody has, for which keys are fetched again.
    const name = this.#strangers++ % 2 === 0 ? KEY_NAME : userName;
    return tokenOf(userName, name, this.#others.privateKey);
  }

  /** Fails in this way from now on; undefined: it is well. */
  async become(failure: Failure | undefined): Promise<void> {
    this.#failure = failure;
    if (this.#kind === "file") this.#writeFile(failure);
    else if (failure === "absent") await this.#close();
    else if (!this.#server.listening)
      await new Promise<void>((resolve) =>
        this.#server.listen(this.#port, "127.0.0.1", () => resolve()),
      );
  }

  /** To be called when the server has ended. */
  async stop(): Promise<void> {
    await this.#close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #writeFile(failure: Failure | undefined): void {
    rmSync(this.source, { force: true });
    if (failure === "stalled") execFileSync("mkfifo", [this.source]);
    if (failure === "wrong") writeFileSync(this.source, "no key\n");
    if (failure !== undefined) return;
    const pem = this.#keys.publicKey.export({ type: "spki", format: "pem" });
    writeFileSync(this.source, pem);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request).catch(() => "");
    if (this.#failure === "stalled") return;
    if (this.#failure === "wrong") return void response.end("<html>welcome</html>");
    if (this.#failure === "slow") await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
    if (this.#kind === "jwks") {
      const key = this.#keys.publicKey.export({ format: "jwk" });
      return void response.end(JSON.stringify({ keys: [{ ...key, alg: "ES256", kid: KEY_NAME }] }));
    }
    const { password } = JSON.parse(body) as { password?: string };
    response.writeHead(password === RIGHT ? 204 : 403).end();
  }
}

function tokenOf(subject: string, kid: string, key: KeyObject): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = { sub: subject, exp: Math.floor(Date.now() / 1_000) + 3_600 };
  const signed = `${part({ alg: "ES256", kid })}.${part(claims)}`;
  const signature = sign("sha256", Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" });
  return `${signed}.${signature.toString("base64url")}`;
}
