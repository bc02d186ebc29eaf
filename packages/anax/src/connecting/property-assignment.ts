/**
 * `-D publish user-property key value`: MQTT 5.0 properties as users of mosquitto write them. What may
 * stand where, and with which values, comes from the protocol's own table.
 */
import { PROPERTIES } from "@anax/protocol";
import type { PropertiesByOwner, PropertyDefinition } from "@anax/protocol";
import { UsageError } from "../errors.ts";
import type { Flag, FlagDescription, Occurrence } from "../flags/flag.ts";
import { nearest } from "../flags/suggestion.ts";

/** Packets of a client whose properties can be set, and the Will. */
export const PROPERTY_OWNERS = [
  "connect",
  "will",
  "publish",
  "subscribe",
  "unsubscribe",
  "disconnect",
] as const;

/** One of `PROPERTY_OWNERS`. */
export type ClientPropertyOwner = (typeof PROPERTY_OWNERS)[number];

/** One property that the command line sets. */
export interface PropertyAssignment {
  readonly owner: ClientPropertyOwner;
  readonly definition: PropertyDefinition;
  readonly value: string | number | boolean | Uint8Array | readonly [string, string];
}

const USER_PROPERTY = "user-property";

/** The flag `-D`, which takes a command, an identifier, and one value or two. */
export function propertyFlag(description: FlagDescription): Flag<readonly PropertyAssignment[]> {
  return {
    ...description,
    placeholder: "command identifier value",
    repeatable: true,
    wordCount: ([, identifier]) => (identifier === USER_PROPERTY ? 4 : 3),
    read: (occurrences, flagName) => occurrences.map((words) => assignment(words, flagName)),
  };
}

/** Throws `UsageError` for a property of a packet that this command does not send, where it would have no effect. */
export function requireOwners(
  assignments: readonly PropertyAssignment[],
  owners: readonly ClientPropertyOwner[],
): void {
  const lost = assignments.find(({ owner }) => !owners.includes(owner));
  if (lost === undefined) return;
  throw new UsageError(`-D ${lost.owner}: this command sends ${owners.join(", ")} only`);
}

/** The properties of one packet, in the names of the protocol. Of those that cannot repeat the last counts. */
export function propertiesOf<Owner extends ClientPropertyOwner>(
  owner: Owner,
  assignments: readonly PropertyAssignment[],
): PropertiesByOwner[Owner] {
  const properties: Record<string, unknown> = {};
  const userProperties: (readonly [string, string])[] = [];
  for (const { owner: assigned, definition, value } of assignments) {
    if (assigned !== owner) continue;
    if (Array.isArray(value)) userProperties.push([value[0], value[1]]);
    else properties[definition.name] = value;
  }
  if (userProperties.length > 0) properties["userProperties"] = userProperties;
  // Names and types of the values are those of the table that describes these very properties.
  return properties as PropertiesByOwner[Owner];
}

/** How a property is called on the command line: as in the specification, with dashes. */
export function propertyIdentifier({ name }: PropertyDefinition): string {
  if (name === "userProperties") return USER_PROPERTY;
  const words = name.replace(/Seconds$/, "").replace(/[A-Z]/g, (letter) => `-${letter}`);
  return words.toLowerCase();
}

/** The properties that can be set for one packet. */
export function settableProperties(owner: ClientPropertyOwner): readonly PropertyDefinition[] {
  return PROPERTIES.filter(({ name, owners }) => {
    // Only a server sends Subscription Identifiers with PUBLISH, and names another server.
    const isOfServer = name === "subscriptionIdentifiers" || name === "serverReference";
    return owners.includes(owner) && !isOfServer;
  });
}

function assignment(words: Occurrence, flagName: string): PropertyAssignment {
  const [command = "", identifier = "", ...values] = words;
  const owner = PROPERTY_OWNERS.find((known) => known === command.toLowerCase());
  if (owner === undefined) {
    throw new UsageError(
      `${flagName} is followed by one of ${PROPERTY_OWNERS.join(", ")}, not ${JSON.stringify(command)}`,
    );
  }
  const definition = definitionOf(owner, identifier, flagName);
  const value = valueOf(definition, values);
  if (value !== undefined) return { owner, definition, value };
  const given = values.map((text) => JSON.stringify(text)).join(" ") || "nothing";
  throw new UsageError(`${flagName} ${owner} ${identifier} cannot be ${given}`);
}

function definitionOf(
  owner: ClientPropertyOwner,
  identifier: string,
  flagName: string,
): PropertyDefinition {
  const known = settableProperties(owner);
  const definition = known.find((candidate) => propertyIdentifier(candidate) === identifier);
  if (definition !== undefined) return definition;
  const identifiers = known.map(propertyIdentifier);
  const meant = nearest(identifier, identifiers);
  throw new UsageError(
    `${flagName}: ${owner} has no property ${JSON.stringify(identifier)}; ` +
      (meant === undefined ? `it has ${identifiers.join(", ")}` : `did you mean ${meant}?`),
  );
}

const NUMBER_MAXIMUM: Readonly<Record<string, number>> = {
  byte: 0xff,
  u16: 0xffff,
  u32: 0xffff_ffff,
  varint: 268_435_455,
};

/** Undefined if the words are no value of this property. */
function valueOf(
  definition: PropertyDefinition,
  [first, second]: readonly string[],
): PropertyAssignment["value"] | undefined {
  if (first === undefined) return undefined;
  switch (definition.type) {
    case "string":
    case "topicName":
      return first;
    case "binary":
      return new TextEncoder().encode(first);
    case "stringPairList":
      return second === undefined ? undefined : [first, second];
    case "boolean":
      return first === "0" || first === "1" ? first === "1" : undefined;
    default:
      return numberOf(definition, first);
  }
}

function numberOf(definition: PropertyDefinition, text: string): number | undefined {
  const { minimum = 0, maximum = NUMBER_MAXIMUM[definition.type] ?? 0 } = definition;
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  return value >= minimum && value <= maximum ? value : undefined;
}
