/** What the guide for MQTTnet users says, held to the packages: names, defaults, and what it says of behaviour. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MqttReasonError, connect } from "@anax/client";
import { filterCoversFilter, topicMatchesFilter } from "@anax/protocol";
import { MqttServer, SERVER_DEFAULTS } from "@anax/server";
import { MqttServerOptionsBuilder } from "@anax/server/builders";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** Without the tables that programs write: those are held to the code where they are made. */
const guide = readFileSync(join(ROOT, "docs/guide/from-mqttnet.md"), "utf8").replaceAll(
  /<!-- ([\w -]+): begin -->[\s\S]*?<!-- \1: end -->/g,
  "",
);

/** Every word of the exported types, and of what JavaScript and the examples of the guide say themselves. */
const known = new Set(
  ["client", "server", "protocol"]
    .map((name) => readFileSync(join(ROOT, `packages/${name}/api.md`), "utf8"))
    .flatMap((text) => text.match(/[A-Za-z]\w*/g) ?? [])
    .concat(
      "await using const of for new try or a b id mqtt http anax serve outgoing-topic-aliases".split(
        " ",
      ),
    )
    .concat([
      "outgoing",
      "topic",
      "aliases",
      "false",
      "true",
      "north",
      "list",
      "allowed",
      "wanted",
    ]),
);

/** The cells that say what something is called here. */
const cells = guide
  .split("\n")
  .filter((line) => line.startsWith("| `") || line.startsWith("| (none)"))
  .map((line) => line.split(" | ")[1] ?? "");

describe("the guide for MQTTnet users", () => {
  it("names what there is: every word of code in the columns of Anax", () => {
    const builders = guide.indexOf("## The builders");
    const names = cells
      .filter((cell) => guide.indexOf(cell) < builders)
      .flatMap((cell) => cell.match(/`[^`]+`/g) ?? [])
      .flatMap((code) => code.match(/[A-Za-z]\w*/g) ?? []);
    expect(names.length).toBeGreaterThan(200);
    expect(names.filter((name) => !known.has(name))).toEqual([]);
  });

  it("says the defaults that there are", () => {
    expect(guide).toContain(`waits ${SERVER_DEFAULTS.connectTimeoutMs / 1_000} s for CONNECT`);
    expect(guide).toContain(`up to ${SERVER_DEFAULTS.maximumPacketSize / 2 ** 20} MiB`);
    const { intervalSeconds } = SERVER_DEFAULTS.systemTopics || { intervalSeconds: 0 };
    expect(guide).toContain(`every ${intervalSeconds} s, and off in the builders`);
    expect(new MqttServerOptionsBuilder().build().systemTopics).toBe(false);
  });

  it("tells how permissions are asked", () => {
    expect(topicMatchesFilter("north/#", "north/+")).toBe(true);
    expect(filterCoversFilter("north/+", "north/#")).toBe(false);
    expect(filterCoversFilter("north/#", "north/+")).toBe(true);
  });

  it("tells that refusals throw, that what was granted stays, and whose counters are whose", async () => {
    await using server = new MqttServer({ host: "127.0.0.1", port: 0, systemTopics: false });
    server.on("interceptingSubscription", (event) => {
      if (event.topicFilter.topicFilter === "secret") event.response.reasonCode = 0x87;
    });
    await server.start();
    await using client = await connect(server.address().url, { clientId: "c" });
    const heard: string[] = [];
    const subscribing = client.subscribe(["a", "secret"], ({ topic }) => void heard.push(topic));
    const error = await subscribing.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(MqttReasonError);
    expect(error).toMatchObject({ reasonCodes: [0, 0x87], filters: ["a", "secret"] });
    await client.publish("a", "x", { qos: 1 });
    expect(heard).toEqual(["a"]);
    // The client received one message and sent one; the server counts from its side.
    expect(server.clients.get("c")).toMatchObject({ messagesSent: 1, messagesReceived: 1 });
    const { packetsReceived, packetsSent } = server.clients.get("c") ?? {};
    expect([packetsReceived, packetsSent]).toEqual([3, 4]);
  });

  it("tells of the sessions of both, and of an interceptor that closes", async () => {
    const plain = new MqttServer({ listeners: [{ type: "memory" }] });
    expect(SERVER_DEFAULTS.sessionExpiryMaxSeconds).toBeGreaterThan(0);
    expect(new MqttServerOptionsBuilder().build().sessionExpiryMaxSeconds).toBe(0);
    plain.on("interceptingPublish", (event) => void (event.closeConnection = true));
    await plain.start();
    expect(await plain.publish("a", "x")).toMatchObject({ queued: 0 });
    await plain.stop();
  });
});
