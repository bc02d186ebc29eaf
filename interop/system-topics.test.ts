/** Does monitoring that was made for mosquitto find our topics below $SYS, written in the same way? */
import { connect } from "@anax/client";
import { MqttServer, SYSTEM_TOPICS } from "@anax/server";
import { areInstalled } from "@anax/testing";
import { describe, expect, it } from "vitest";
import { startMosquitto } from "./support/servers-of-others.ts";

/** The topic that mosquitto publishes last: not before a client has come, and its interval is over. */
const LAST = "$SYS/broker/clients/maximum";

/** What mosquitto says of itself, by topic. */
async function systemTopicsOfMosquitto(): Promise<ReadonlyMap<string, string>> {
  await using mosquitto = await startMosquitto(["sys_interval 1"]);
  await using client = await connect(`mqtt://127.0.0.1:${mosquitto.port}`);
  const topics = new Map<string, string>();
  for await (const message of client.subscribe("$SYS/#")) {
    topics.set(message.topic, message.text);
    if (message.topic === LAST) break;
  }
  return topics;
}

/** What our server says of itself. */
async function ownSystemTopics(): Promise<ReadonlyMap<string, string>> {
  await using server = new MqttServer({ listeners: [{ type: "memory" }] });
  await server.start();
  const names = Object.keys(SYSTEM_TOPICS);
  const text = (name: string): string =>
    new TextDecoder().decode(server.retainedMessages.get(name)?.payload);
  return new Map(names.map((name) => [name, text(name)]));
}

/** What a server says that it has received when it was sent payloads of 1010 bytes. */
async function payloadsCounted(port: number): Promise<string | undefined> {
  await using client = await connect(`mqtt://127.0.0.1:${port}`);
  const received = client.subscribe("$SYS/broker/publish/bytes/received");
  await received;
  await client.publish("a/topic", "x".repeat(1_000), { qos: 1 });
  await client.publish("another/topic", "0123456789", { qos: 1, retain: true });
  for await (const { text } of received) if (Number(text) >= 1_010) return text;
  return undefined;
}

/** How a payload is written: what differs between servers and moments is left out. */
function form(payload: string | undefined): string | undefined {
  return payload
    ?.replace(/^\w+ version \d\S+$/, "NAME version NUMBER")
    .replaceAll(/\d+/g, "NUMBER");
}

describe.runIf(areInstalled("mosquitto"))("the topics below $SYS", () => {
  it("of mosquitto are all here, and written in the same way", async () => {
    const theirs = await systemTopicsOfMosquitto();
    const ours = await ownSystemTopics();
    expect(theirs.size).toBeGreaterThan(50);
    const forms = Array.from(theirs, ([name, payload]) => [name, form(payload)]);
    expect(forms.map(([name]) => [name, form(ours.get(name ?? ""))])).toEqual(forms);
  });

  it("count the payloads of messages, and not what is around them", async () => {
    await using mosquitto = await startMosquitto(["sys_interval 1"]);
    await using server = new MqttServer({
      listeners: [{ type: "tcp", port: 0 }],
      systemTopics: { intervalSeconds: 1 },
    });
    await server.start();
    const port = server.listeners[0]?.address?.port ?? 0;
    const counted = await Promise.all([mosquitto.port, port].map((one) => payloadsCounted(one)));
    expect(counted).toEqual(["1010", "1010"]);
  });

  it("are said to have no counterpart only where mosquitto has none", async () => {
    const theirs = await systemTopicsOfMosquitto();
    const without = Object.keys(SYSTEM_TOPICS).filter((name) => !theirs.has(name));
    const saidToBe = Object.entries(SYSTEM_TOPICS).filter(
      ([, { mosquitto }]) => mosquitto === "none",
    );
    expect(without).toEqual(saidToBe.map(([name]) => name));
  });
});
