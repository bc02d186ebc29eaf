/** What differs between two records of the same step. */
import type { StepRecord } from "./running.ts";

/** A step that went otherwise: what only one of the two did, or that the order was another. */
export interface Difference {
  readonly scenario: string;
  readonly step: string;
  readonly mqttnet: readonly string[];
  readonly anax: readonly string[];
}

/** Said of both where they did the same in another order. */
export const OTHER_ORDER = "the same, in another order: ";

/** What differs in the same way everywhere is compared in this scenario only. */
const WITH_EVERYTHING = "connect";

/** Undefined if both did the same. */
export function differenceOf(
  scenario: string,
  mqttnet: StepRecord,
  anax: StepRecord,
): Difference | undefined {
  const { step } = mqttnet;
  const lines = [mqttnet, anax].map((record) => linesOf(scenario, record));
  const [theirs = [], ours = []] = lines;
  // MQTTnet's clients end in any order when it stops.
  const sorted = (of: readonly string[]): string[] => (step === "stop" ? of.toSorted() : [...of]);
  const only = { mqttnet: sorted(without(theirs, ours)), anax: sorted(without(ours, theirs)) };
  if (only.mqttnet.length > 0 || only.anax.length > 0) return { scenario, step, ...only };
  const [theirOrder, ourOrder] = [orderOf(mqttnet), orderOf(anax)];
  if (theirOrder.join() === ourOrder.join()) return undefined;
  return {
    scenario,
    step,
    mqttnet: [OTHER_ORDER, ...theirOrder],
    anax: [OTHER_ORDER, ...ourOrder],
  };
}

function linesOf(scenario: string, { step, events, packets }: StepRecord): string[] {
  const isWhole = scenario === WITH_EVERYTHING;
  if (step === "stop" && !isWhole) return [];
  const told = events.map((event) => `event ${plainEvent(event)}`);
  const got = packets.map((packet) => `client ${plainPacket(packet)}`);
  if (isWhole) return [...told, ...got];
  return [
    ...told.filter((line) => !line.endsWith("packet connect")).map((line) => withoutReason(line)),
    ...got.map((line) => line.replace(/(connack 0x00(?: present)?) \(.*\)$/u, "$1")),
  ];
}

/** Identifiers that a server has made are others each time. */
function plainEvent(event: string): string {
  return event.replaceAll(/anax-[\da-f-]{36}/gu, "anax-…");
}

/** Whoever ended a connection, our server says with which code. */
function withoutReason(line: string): string {
  return line.replace(/^(event clientDisconnected: .*), reason \d+$/u, "$1");
}

/** In words; of messages and of what answers SUBSCRIBE with their bytes. The rest MQTTnet ends with an empty list of properties. */
function plainPacket(packet: string): string {
  const words = packet.replace(/ [\da-f]+$/u, "").replaceAll(/anax-[\da-f-]{36}/gu, "anax-…");
  return /^[^:]*: (?:publish|suback|unsuback) /u.test(packet) ? packet : words;
}

/** What `one` has more of than `other`. */
function without(one: readonly string[], other: readonly string[]): string[] {
  const left = [...other];
  return one.filter((line) => {
    const index = left.indexOf(line);
    if (index === -1) return true;
    left.splice(index, 1);
    return false;
  });
}

/**
 * Names of events in their order, but for what the program was answered, and for packets: our server shows them before it tells of the attempt, MQTTnet's
 * whenever its queue gets to them.
 */
function orderOf({ step, events }: StepRecord): string[] {
  if (step === "stop") return [];
  return events
    .map((event) => event.replace(/:.*$/u, ""))
    .filter((name) => !/^intercepting(?:In|Out)boundPacket$|^\w+ /u.test(name));
}
