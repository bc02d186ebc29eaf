/**
 * What the client sends of each property of each packet: all that says something, and nothing whose value is what its
 * absence means. Some clients and servers stumble over what need not be said.
 */
import { afterEach, describe, expect, it } from "vitest";
import { PROPERTIES } from "@anax/protocol";
import type { ConnackProperties, Packet, PropertyOwner } from "@anax/protocol";
import type { ClientOptions, MqttClient, WillOptions } from "@anax/client";
import { disconnectAll, make } from "./in-memory-client.ts";
import { ScriptedServer } from "./scripted-server.ts";

afterEach(disconnectAll);

/** The packets that the client sends of its own or the application's accord, and whose properties are those of options. */
type Owner = "connect" | "will" | "publish" | "subscribe" | "unsubscribe" | "disconnect" | "auth";

/** One property: what the application gives, and whether it stands in the packet. */
interface Row {
  readonly owner: Owner;
  readonly name: string;
  readonly value: unknown;
  readonly isSent: boolean;
  readonly connack?: ConnackProperties;
  readonly connect?: ClientOptions;
}

const PAIRS = [["k", "v"]];
const BYTES = Uint8Array.of(1);
const FOR_A_MINUTE = { sessionExpiryIntervalSeconds: 60 };

const said = (owner: Owner, name: string, value: unknown, more: Partial<Row> = {}): Row => ({
  owner,
  name,
  value,
  isSent: true,
  ...more,
});
const implied = (owner: Owner, name: string, value: unknown, more: Partial<Row> = {}): Row => ({
  owner,
  name,
  value,
  isSent: false,
  ...more,
});

const ROWS: readonly Row[] = [
  implied("connect", "sessionExpiryIntervalSeconds", 0),
  said("connect", "sessionExpiryIntervalSeconds", 1),
  implied("connect", "receiveMaximum", 65_535),
  said("connect", "receiveMaximum", 65_534),
  implied("connect", "maximumPacketSize", 268_435_460),
  said("connect", "maximumPacketSize", 268_435_459),
  implied("connect", "topicAliasMaximum", 0),
  said("connect", "topicAliasMaximum", 1),
  implied("connect", "requestResponseInformation", false),
  said("connect", "requestResponseInformation", true),
  implied("connect", "requestProblemInformation", true),
  said("connect", "requestProblemInformation", false),
  implied("connect", "userProperties", []),
  said("connect", "userProperties", PAIRS),
  said("connect", "authenticationMethod", "m"),
  said("connect", "authenticationData", BYTES),
  implied("will", "willDelayIntervalSeconds", 0),
  said("will", "willDelayIntervalSeconds", 1),
  implied("will", "payloadFormatIndicator", 0),
  said("will", "payloadFormatIndicator", 1),
  said("will", "messageExpiryIntervalSeconds", 0),
  said("will", "contentType", ""),
  said("will", "responseTopic", "r"),
  said("will", "correlationData", BYTES),
  implied("will", "userProperties", []),
  said("will", "userProperties", PAIRS),
  implied("publish", "payloadFormatIndicator", 0),
  said("publish", "payloadFormatIndicator", 1),
  said("publish", "messageExpiryIntervalSeconds", 0),
  said("publish", "contentType", ""),
  said("publish", "responseTopic", "r"),
  said("publish", "correlationData", BYTES),
  said("publish", "topicAlias", 1, { connack: { topicAliasMaximum: 1 } }),
  implied("publish", "userProperties", []),
  said("publish", "userProperties", PAIRS),
  said("subscribe", "subscriptionIdentifier", 1),
  implied("subscribe", "userProperties", []),
  said("subscribe", "userProperties", PAIRS),
  implied("unsubscribe", "userProperties", []),
  said("unsubscribe", "userProperties", PAIRS),
  implied("disconnect", "sessionExpiryIntervalSeconds", 0),
  implied("disconnect", "sessionExpiryIntervalSeconds", 60, { connect: FOR_A_MINUTE }),
  said("disconnect", "sessionExpiryIntervalSeconds", 0, { connect: FOR_A_MINUTE }),
  said("disconnect", "sessionExpiryIntervalSeconds", 60, {
    connect: FOR_A_MINUTE,
    connack: { sessionExpiryIntervalSeconds: 30 },
  }),
  said("disconnect", "reasonString", ""),
  implied("disconnect", "userProperties", []),
  said("disconnect", "userProperties", PAIRS),
  said("auth", "authenticationMethod", "m"),
  said("auth", "authenticationData", BYTES),
];

/** Properties that no client sends, or that its application cannot choose. */
const NOT_OURS: Partial<Record<Owner, readonly string[]>> = {
  // [MQTT-3.3.4-6]
  publish: ["subscriptionIdentifiers"],
  disconnect: ["serverReference"],
  // The handler of an authentication gives method and data.
  auth: ["reasonString", "userProperties"],
};

const AUTHENTICATION = { method: "m", handler: () => BYTES };

function optionsOf({ owner, name, value, connect }: Row): ClientOptions {
  const given = { [name]: value };
  if (owner === "will") return { will: { topic: "w", ...given } as WillOptions };
  if (owner === "auth" || name.startsWith("authentication")) {
    return { authentication: AUTHENTICATION };
  }
  return owner === "connect" ? given : (connect ?? {});
}

async function act(client: MqttClient, { owner, name, value }: Row): Promise<void> {
  const given = { [name]: value };
  if (owner === "publish") await client.publish("t", "", given);
  if (owner === "subscribe") await client.subscribe("t", given);
  if (owner === "unsubscribe") await client.unsubscribe("t", given);
  if (owner === "auth") void client.reauthenticate();
  await (owner === "disconnect" ? client.disconnect(given) : client.ping());
}

/** The packet, as the server has it, after the application has given it this one property. */
async function packetOf(row: Row): Promise<Packet & { readonly properties?: object }> {
  const server = new ScriptedServer();
  const isAuthenticated = row.owner === "auth" || row.name.startsWith("authentication");
  const authenticationMethod = isAuthenticated ? { authenticationMethod: "m" } : {};
  server.connack = { properties: { ...row.connack, ...authenticationMethod } };
  const client = make(server, optionsOf(row));
  await client.connect();
  await act(client, row);
  const type = row.owner === "will" ? "connect" : row.owner;
  await server.until(type);
  const [packet] = server.packets(type);
  if (packet === undefined) throw new Error(`no ${type}`);
  return packet;
}

describe.each(ROWS)("$owner: $name $value", (row) => {
  it(row.isSent ? "is sent" : "is left out", async () => {
    const packet = await packetOf(row);
    const holder = row.owner === "will" && packet.type === "connect" ? packet.will : packet;
    const properties: object = holder?.properties ?? {};
    if (row.isSent) expect(properties).toMatchObject({ [row.name]: row.value });
    else expect(properties).toEqual({});
  });
});

it.each(["connect", "will", "publish", "subscribe", "unsubscribe", "disconnect", "auth"] as const)(
  "no property of %s is left out of this table",
  (owner) => {
    const all = PROPERTIES.filter(({ owners }) => owners.includes(owner as PropertyOwner));
    const names = new Set(all.map(({ name }) => name as string));
    const here = ROWS.filter((row) => row.owner === owner).map(({ name }) => name);
    expect(new Set([...here, ...(NOT_OURS[owner] ?? [])])).toEqual(names);
  },
);
