import type { Packet } from "@anax/protocol";
import type { Ledger } from "../ledger/ledger.ts";
import { nameIn } from "../ledger/stream.ts";
import type { Stream } from "../ledger/stream.ts";
import { isAccepted, Peer } from "./peer.ts";

/** Where to look for what. */
export interface RetainedQuestion {
  readonly port: number;
  /** Matches the topics of all `streams`. */
  readonly filter: string;
  readonly streams: readonly Stream[];
  /** A server that has not given a retained message after this long does not have it. */
  readonly patienceMs: number;
}

/**
 * Subscribes as a newcomer and compares what is retained with what was acknowledged last. To be called while nothing is
 * being published to these streams. False if the connection broke before.
 */
export async function checkRetained(ledger: Ledger, question: RetainedQuestion): Promise<boolean> {
  const { streams } = question;
  const expected = streams.filter(
    ({ lastSent, clearing }) => lastSent > 0 && !clearing.has(lastSent),
  );
  const found = await retainedMessages(question, expected.length);
  if (found === undefined) return false;
  for (const stream of streams) {
    const wanted = expected.includes(stream) ? stream.lastSent : 0;
    const sequence = found.get(stream.topic) ?? 0;
    if (sequence === wanted) continue;
    ledger.complain("retained", `${stream.topic} is at #${sequence} instead of #${wanted}`);
  }
  return true;
}

/** What is retained, as sequences by topic, once it is `count` messages and no more come, or after some patience. */
async function retainedMessages(
  { port, filter, patienceMs }: RetainedQuestion,
  count: number,
): Promise<ReadonlyMap<string, number> | undefined> {
  const found = new Map<string, number>();
  return new Promise((resolve) => {
    const packet = (received: Packet): void => {
      if (isAccepted(received)) subscribe(peer, filter);
      else if (received.type === "publish") {
        found.set(received.topic, nameIn(received.payload)?.sequence ?? -1);
      }
      // What is retained is sent right behind SUBACK; the answer to a ping comes when it has been.
      if (received.type === "suback" || found.size === count) peer.send({ type: "pingreq" });
      if (received.type === "pingresp" && found.size >= count) finish(found);
    };
    const finish = (result: ReadonlyMap<string, number> | undefined): void => {
      clearTimeout(timer);
      resolve(result);
      peer.destroy();
    };
    const timer = setTimeout(() => finish(found), patienceMs);
    const closed = (): void => finish(undefined);
    const peer: Peer = Peer.connect(port, CONNECT, { packet, closed });
  });
}

const CONNECT = {
  type: "connect",
  protocolVersion: 5,
  clientId: "",
  cleanStart: true,
  keepAliveSeconds: 0,
} as const;

function subscribe(peer: Peer, filter: string): void {
  const options = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
  const subscriptions = [{ topicFilter: filter, qos: 0, ...options }] as const;
  peer.send({ type: "subscribe", packetIdentifier: 1, subscriptions });
}
