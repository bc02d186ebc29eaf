/** A crowd that connects at a steady rate, whether it is answered or not: every tenth is known, all others are strangers. */
import { connect } from "node:net";
import { encodePacket } from "@anax/protocol";

/** What a crowd saw. */
export interface CrowdResult {
  /** CONNECTs that were sent in a second. */
  readonly perSecond: number;
  readonly known: number;
  readonly knownLetIn: number;
  readonly strangers: number;
  readonly strangersLetIn: number;
  /** Connections that ended without CONNACK. */
  readonly unanswered: number;
  /** How often each Reason Code came, without those that let in. */
  readonly refusals: ReadonlyMap<number, number>;
  /** Milliseconds from connecting to CONNACK of those that are known. */
  readonly knownMs: readonly number[];
}

/** Who comes, and how often. */
export interface CrowdSettings {
  readonly port: number;
  readonly perSecond: number;
  readonly seconds: number;
  /** One client each, which come in turns. */
  readonly known: readonly Uint8Array[];
  readonly strangers: readonly Uint8Array[];
}

const TICK_MS = 10;
/** Source addresses, so that ports do not run out. */
const ADDRESSES = 50;
const KNOWN_EACH = 10;

/** The CONNECT of a client of MQTT 5.0. */
export function connectPacket(clientId: string, password: string): Uint8Array {
  return encodePacket(
    {
      type: "connect",
      protocolVersion: 5,
      clientId,
      cleanStart: true,
      keepAliveSeconds: 60,
      userName: clientId,
      password: new TextEncoder().encode(password),
      properties: {},
    },
    5,
  );
}

/** Resolves when each has been answered or cut. */
export async function sendCrowd(settings: CrowdSettings): Promise<CrowdResult> {
  const { port, perSecond, seconds, known, strangers } = settings;
  const counts = { known: 0, knownLetIn: 0, strangers: 0, strangersLetIn: 0, unanswered: 0 };
  const refusals = new Map<number, number>();
  const knownMs: number[] = [];
  const answers: Promise<void>[] = [];
  const one = async (index: number): Promise<void> => {
    const isKnown = index % KNOWN_EACH === 0;
    const packets = isKnown ? known : strangers;
    const turn = isKnown ? index / KNOWN_EACH : index;
    counts[isKnown ? "known" : "strangers"] += 1;
    const beganMs = performance.now();
    const packet = packets[turn % packets.length] ?? new Uint8Array(0);
    const code = await answerTo(port, `127.0.2.${1 + (index % ADDRESSES)}`, packet);
    if (isKnown) knownMs.push(performance.now() - beganMs);
    if (code === undefined) counts.unanswered += 1;
    else if (code === 0) counts[isKnown ? "knownLetIn" : "strangersLetIn"] += 1;
    else refusals.set(code, (refusals.get(code) ?? 0) + 1);
  };
  const beganMs = performance.now();
  const total = perSecond * seconds;
  while (answers.length < total) {
    const due = Math.min(total, ((performance.now() - beganMs) / 1_000) * perSecond);
    while (answers.length < due) answers.push(one(answers.length));
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  const tookSeconds = (performance.now() - beganMs) / 1_000;
  await Promise.all(answers);
  return { perSecond: total / tookSeconds, ...counts, refusals, knownMs };
}

/** The Reason Code of CONNACK; undefined if none came. */
function answerTo(
  port: number,
  localAddress: string,
  packet: Uint8Array,
): Promise<number | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", localAddress }, () => socket.write(packet));
    socket.on("error", () => undefined);
    socket.once("close", () => resolve(undefined));
    socket.once("data", (bytes: Uint8Array) => {
      resolve(bytes[3]);
      // Leaves no port behind that waits.
      socket.resetAndDestroy();
    });
  });
}
