import type { SeededRandom } from "@anax/testing";

/** Levels that rules and topics have; the users and identifiers of the clients are among them. */
const NAMES = ["a", "b", "ann", "c1"];
const LEVELS = 3;

/** Clients that are asked about; the last one gives no user name. */
export const CLIENTS = [
  { clientId: "c1", userName: "ann" },
  { clientId: "c2", userName: "bob" },
  { clientId: "c3", userName: undefined },
] as const;

/** Every topic of up to three of these levels. */
export function allTopics(): string[] {
  let longest = [...NAMES];
  const topics = [...longest];
  for (let level = 1; level < LEVELS; level += 1) {
    longest = longest.flatMap((topic) => NAMES.map((name) => `${topic}/${name}`));
    topics.push(...longest);
  }
  return topics;
}

export function randomFilter(random: SeededRandom, more: readonly string[] = []): string {
  const levels = Array.from({ length: 1 + random.below(LEVELS) }, () =>
    random.pick([...NAMES, "+", "+", ...more, ...more]),
  );
  if (random.below(3) === 0) levels.splice(-1, 1, "#");
  return levels.join("/");
}

/** A file with lines of every kind. */
export function randomAcl(random: SeededRandom): string {
  const lines: string[] = [];
  const count = 1 + random.below(12);
  for (let line = 0; line < count; line += 1) {
    const access = random.pick(["read ", "write ", "readwrite ", "deny ", ""]);
    switch (random.below(8)) {
      case 0:
        lines.push(`user ${random.pick(["ann", "bob"])}`);
        break;
      case 1:
        lines.push(random.pick(["# a comment", ""]));
        break;
      case 2:
      case 3:
      case 4:
        lines.push(`pattern ${access}${randomFilter(random, ["%c", "%u", "x%u", "%c%u"])}`);
        break;
      default:
        lines.push(`topic ${access}${randomFilter(random)}`);
    }
  }
  return `${lines.join("\n")}\n`;
}
