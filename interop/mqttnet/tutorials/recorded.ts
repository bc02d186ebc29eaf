/** What the tutorials' programs said in the last recording, and where pairings differ. */
import { readFileSync } from "node:fs";
import type { Pairing, Said } from "./pairings.ts";
import { PAIRINGS } from "./pairings.ts";
import { REASONS } from "./reasons.ts";
import { TUTORIALS } from "./tutorials.ts";
import type { Tutorial } from "./tutorials.ts";

/** What was said, by tutorial and by pairing. */
export type Recording = Readonly<Record<Tutorial, Readonly<Record<string, Said>>>>;

export const RECORDING_FILE = new URL("lines.jsonl", import.meta.url);

/** Name of a pairing in a recording. */
export function nameOf({ server, client }: Pairing): string {
  return `${client} on ${server}`;
}

/** A line of the file: what one pairing said. */
interface RecordedLine {
  readonly tutorial: Tutorial;
  readonly pairing: string;
  readonly said: Said;
}

export function recorded(): Recording {
  const recording: Partial<Record<Tutorial, Record<string, Said>>> = {};
  for (const line of readFileSync(RECORDING_FILE, "utf8").trim().split("\n")) {
    const { tutorial, pairing, said } = JSON.parse(line) as RecordedLine;
    (recording[tutorial] ??= {})[pairing] = said;
  }
  return recording as Recording;
}

/** The text of the file for what was recorded. */
export function textOfRecording(recording: Recording): string {
  const lines = TUTORIALS.flatMap((tutorial) =>
    Object.entries(recording[tutorial]).map(([pairing, said]): RecordedLine => {
      return { tutorial, pairing, said };
    }),
  );
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

/** A line, or several, that is not what the C# programs of both sides say. */
export interface TutorialDifference {
  readonly tutorial: Tutorial;
  readonly side: "server" | "client";
  readonly mqttnet: readonly string[];
  readonly anax: readonly string[];
  /** Pairings in which it is so. */
  readonly pairings: readonly string[];
}

/** Name of a difference in the table of reasons. */
export function keyOfDifference({ tutorial, side, mqttnet, anax }: TutorialDifference): string {
  return `${tutorial}, ${side}: ${mqttnet.join(" / ")} > ${anax.join(" / ")}`;
}

/** Where pairings differ from MQTTnet's client on MQTTnet's server. */
export function tutorialDifferences(recording: Recording): readonly TutorialDifference[] {
  const found = new Map<string, TutorialDifference & { pairings: string[] }>();
  for (const tutorial of TUTORIALS) {
    const said = recording[tutorial];
    const [base, ...others] = PAIRINGS.map((pairing) => nameOf(pairing));
    for (const pairing of others) {
      for (const side of ["server", "client"] as const) {
        const parts = differing(said[base ?? ""]?.[side] ?? [], said[pairing]?.[side] ?? []);
        for (const part of parts) {
          const difference = { tutorial, side, ...part, pairings: [pairing] };
          const key = keyOfDifference(difference);
          const before = found.get(key);
          if (before === undefined) found.set(key, difference);
          else before.pairings.push(pairing);
        }
      }
    }
  }
  return [...found.values()];
}

/** The parts of two lists of lines that are not the same, each between lines that are. */
function differing(
  one: readonly string[],
  other: readonly string[],
): { mqttnet: string[]; anax: string[] }[] {
  const parts: { mqttnet: string[]; anax: string[] }[] = [];
  let [at, otherAt] = [0, 0];
  while (at < one.length || otherAt < other.length) {
    if (one[at] === other[otherAt]) {
      at += 1;
      otherAt += 1;
      continue;
    }
    const [count, otherCount] = untilSame(one.slice(at), other.slice(otherAt));
    parts.push({
      mqttnet: one.slice(at, at + count),
      anax: other.slice(otherAt, otherAt + otherCount),
    });
    at += count;
    otherAt += otherCount;
  }
  return parts;
}

/** How many lines of each to pass over, as few as can be, until both have the same line. */
function untilSame(one: readonly string[], other: readonly string[]): [number, number] {
  for (let sum = 1; sum < one.length + other.length; sum += 1) {
    for (
      let count = Math.max(0, sum - other.length);
      count <= Math.min(sum, one.length);
      count += 1
    )
      if (one[count] !== undefined && one[count] === other[sum - count])
        return [count, sum - count];
  }
  return [one.length, other.length];
}

/** The part of the guide about tutorials. */
export function tutorialsSection(): string {
  const differences = tutorialDifferences(recorded());
  const rows = differences.map((difference) => {
    const { tutorial, side, mqttnet, anax, pairings } = difference;
    const reason = REASONS[keyOfDifference(difference)] ?? "";
    return `| ${tutorial}, ${side} | ${shown(mqttnet)} | ${shown(anax)} | ${pairings.join("; ")} | ${reason} |`;
  });
  return `The programs of nine tutorials (${TUTORIALS.join(", ")}) are in C# and here, line by line the same (\`interop/mqttnet\`). Each client was run on each
server, and what all four pairings say was compared with what MQTTnet's client and server say. These lines differ, and no other:

| Program | MQTTnet on both sides | Instead | Client and server | Why |
|---|---|---|---|---|
${rows.join("\n")}`;
}

function shown(lines: readonly string[]): string {
  return lines.map((line) => `\`${line}\``).join("; ");
}
