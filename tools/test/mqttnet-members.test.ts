/** Is every member of MQTTnet in the table, and what the table says here? */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ReasonCode } from "@anax/protocol";
import { describe, expect, it } from "vitest";
import { membersOfMqttnet } from "../../interop/mqttnet/surface/members.ts";
import { MQTTNET_BUILDERS } from "../docs/mqttnet-builders.ts";
import {
  MQTTNET_ENUMERATIONS,
  MQTTNET_MEMBERS,
  OWN_PARTS,
  plainName,
} from "../docs/mqttnet-members.ts";
import { repositoryRoot } from "../tidy.ts";

const listed = membersOfMqttnet();

/** Each exported type as it is declared, by name; two packages may have one of a name. */
const declarations = new Map<string, string>();
const words = new Set<string>(["true", "false"]);
for (const name of ["protocol", "client", "server"]) {
  const page = readFileSync(join(repositoryRoot(), `packages/${name}/api.md`), "utf8");
  for (const word of page.match(/[A-Za-z]\w*/g) ?? []) words.add(word);
  for (const section of page.split(/^## /m).slice(1)) {
    const [title = ""] = section.split("\n", 1);
    declarations.set(title, `${declarations.get(title) ?? ""}${section}`);
  }
}

const types = Object.entries(listed).filter(([name]) => !name.endsWith("EventArgs"));
const isEnumeration = (members: object): boolean =>
  Object.values(members).some((value) => value !== null);

describe("the members of MQTTnet 5.2", () => {
  it("are all somewhere: in a table, or parts of its own", () => {
    const known = new Set(
      [MQTTNET_MEMBERS, MQTTNET_ENUMERATIONS, MQTTNET_BUILDERS].flatMap((one) => Object.keys(one)),
    );
    const unknown = types
      .filter(
        ([name, members]) =>
          !known.has(name) && !OWN_PARTS.includes(name) && !isEnumeration(members),
      )
      .map(([name]) => name);
    expect(unknown).toEqual([]);
    const gone = [...known, ...OWN_PARTS].filter((name) => !(name in listed));
    expect(gone).toEqual([]);
  });

  it.each(Object.keys(MQTTNET_BUILDERS))("%s has the methods that its table has", (name) => {
    const methods = MQTTNET_BUILDERS[name]?.methods ?? {};
    expect(Object.keys(methods).toSorted()).toEqual(Object.keys(listed[name] ?? {}).toSorted());
  });

  it("that are numbers are Reason Codes, where the table does not say what they are", () => {
    const codes = new Set<number>(Object.values(ReasonCode));
    const strange = types
      .filter(
        ([name, members]) =>
          isEnumeration(members) && !OWN_PARTS.includes(name) && !(name in MQTTNET_ENUMERATIONS),
      )
      .flatMap(([name, members]) =>
        Object.entries(members)
          .filter(([, value]) => !codes.has(value ?? -1))
          .map(([member]) => `${name}.${member}`),
      );
    expect(strange).toEqual([]);
  });

  it.each(Object.entries(MQTTNET_MEMBERS))(
    "of %s are here, or the table says why not",
    (name, type) => {
      const { here = [], renamed = {}, whole } = type;
      if (whole !== undefined) {
        expect(wordsOf(whole).filter((word) => !words.has(word))).toEqual([]);
        return;
      }
      const text = here.map((one) => declarations.get(one) ?? "").join("\n");
      expect(here.filter((one) => !declarations.has(one))).toEqual([]);
      const members = Object.keys(listed[name] ?? {});
      expect(Object.keys(renamed).filter((member) => !members.includes(member))).toEqual([]);
      const absent = members.filter(
        (member) => !(member in renamed) && !new RegExp(`\\b${plainName(member)}\\b`).test(text),
      );
      expect(absent).toEqual([]);
      const said = Object.values(renamed).filter((one) => typeof one === "string");
      expect(said.flatMap(wordsOf).filter((word) => !words.has(word))).toEqual([]);
    },
  );
});

/** The names in what a row calls something. */
function wordsOf(row: string): string[] {
  return (row.match(/`[^`]+`/g) ?? []).flatMap((code) => code.match(/[A-Za-z]\w*/g) ?? []);
}
