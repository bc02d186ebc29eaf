/** The part of the guide about events, from what the run has found. */
import { readFileSync } from "node:fs";
import { OTHER_ORDER } from "./comparing.ts";
import type { Difference } from "./comparing.ts";
import type { FieldDifference } from "./fields.ts";
import { REASONS } from "./reasons.ts";

/** What `differences.jsonl` has. */
export interface Found {
  readonly steps: number;
  readonly differences: readonly Difference[];
  readonly fields: readonly FieldDifference[];
}

interface Line {
  readonly steps?: number;
  readonly difference?: Difference;
  readonly field?: FieldDifference;
}

/** What the last run has found. */
export function found(): Found {
  const text = readFileSync(new URL("differences.jsonl", import.meta.url), "utf8");
  const lines = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
  return {
    steps: lines[0]?.steps ?? 0,
    differences: lines.flatMap(({ difference }) => difference ?? []),
    fields: lines.flatMap(({ field }) => field ?? []),
  };
}

/** Name of a step in the table of reasons. */
export function keyOf({ scenario, step }: Pick<Difference, "scenario" | "step">): string {
  return `${scenario} | ${step}`;
}

/** Tables and what is to be known to read them. */
export function eventsSection(): string {
  const { steps, differences, fields } = found();
  const same = steps - differences.length;
  return `One script of ${steps} steps was run against MQTTnet's server 5.2.0.1603 and against Anax, with a handler on each of the 22
events (\`interop/mqttnet/events\`). In ${same} steps names, order and fields of the events, and the packets that clients got, are the same. Everywhere,
and left out below: MQTTnet does not show CONNECT to \`interceptingInboundPacket\`; Anax tells the Reason Code of a DISCONNECT whoever sent
it; MQTTnet writes an empty list of properties where there is nothing to say; outbound packets are shown before
\`applicationMessageEnqueuedOrDropped\`, by MQTTnet later.

| What was done | Only MQTTnet | Only Anax | Why |
|---|---|---|---|
${differences.map(rowOf).join("\n")}

Fields that have another name, or none, or that handlers may write on one side only:

| Event | MQTTnet | Anax | |
|---|---|---|---|
${fields.map(fieldRow).join("\n")}`;
}

function rowOf(difference: Difference): string {
  const { scenario, step, mqttnet, anax } = difference;
  const why = REASONS[keyOf(difference)] ?? "";
  return `| ${cell(scenario)}: ${cell(step)} | ${lines(mqttnet)} | ${lines(anax)} | ${why} |`;
}

function lines(of: readonly string[]): string {
  const [first, ...rest] = of;
  if (first === OTHER_ORDER) return `${OTHER_ORDER}${rest.map(code).join(", ")}`;
  return of.map((line) => code(shortened(line))).join("; ");
}

/** An event by its name, a packet behind an arrow to its client; bytes are no reading. */
function shortened(line: string): string {
  const [kind = "", ...words] = line.split(" ");
  const text = words.join(" ");
  return kind === "event" ? text : `→ ${text.replace(/ [\da-f]{4,}$/u, "")}`;
}

const code = (text: string): string => `\`${cell(text)}\``;

const cell = (text: string): string => text.replaceAll("|", "\\|");

function fieldRow({ event, mqttnet, anax, reason }: FieldDifference): string {
  const ours = anax === undefined ? "" : `\`${anax}\``;
  return `| \`${event}\` | \`${mqttnet}\` | ${ours} | ${reason ?? ""} |`;
}
