/** Do rules of access hold for what a bridge brings, and for what it takes away? */
import { connect } from "@anax/client";
import { AnonymousAuthenticator } from "@anax/server";
import type { AccessRule, AccessRules } from "@anax/server";
import { areInstalled } from "@anax/testing";
import { describe, expect, it } from "vitest";
import { startMosquitto } from "./support/servers-of-others.ts";
import { serverEvent, startTestServer } from "./support/test-server.ts";
import type { TestServer } from "./support/test-server.ts";

const allBut = (...rules: readonly AccessRule[]): AccessRules => ({
  rules: [
    ...rules,
    // mosquitto tells there whether its bridge is up, by its Will too.
    { allow: "publish", user: "bridge", topics: "$SYS/broker/connection/+/state" },
    { allow: "both", topics: "#" },
  ],
});
const ALL = allBut();
const DENIED = allBut(
  { deny: "publish", user: "bridge", topics: "in/secret" },
  { deny: "subscribe", user: "bridge", topics: "out/secret" },
);

/** A server at the other end of a bridge, which carries `in/#` to ours, and two topics below `out` from it. */
type Far = AsyncDisposable & { readonly port: number };

/** Our client at both ends. */
async function linkByClient({ port }: TestServer): Promise<Far> {
  const far = await startTestServer();
  const near = await connect(`mqtt://bridge:pw@127.0.0.1:${port}`);
  const there = await connect(`mqtt://127.0.0.1:${far.port}`);
  // What is refused is not carried, and the bridge goes on.
  const goOn = (): undefined => undefined;
  await there.subscribe("in/#", async ({ topic, payload }) => {
    await near.publish(topic, payload, { qos: 1 }).catch(goOn);
  });
  for (const topic of ["out/secret", "out/open"]) {
    const subscription = near.subscribe(topic, async ({ payload }) => {
      await there.publish(topic, payload, { qos: 1 });
    });
    await subscription.then(goOn, goOn);
  }
  return {
    port: far.port,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([near.disconnect(), there.disconnect()]);
      await far[Symbol.asyncDispose]();
    },
  };
}

async function linkByMosquitto({ server, port }: TestServer): Promise<Far> {
  const linked = serverEvent(
    server,
    "clientSubscribedTopic",
    ({ clientId, topicFilter }) => clientId === "bridge" && topicFilter.topicFilter === "out/open",
  );
  const far = await startMosquitto(
    [],
    [
      "connection to-anax",
      `address 127.0.0.1:${port}`,
      "remote_clientid bridge",
      "remote_username bridge",
      "remote_password pw",
      "topic in/# out 1",
      "topic out/secret in 1",
      "topic out/open in 1",
    ],
  );
  await linked;
  return far;
}

/** The topics that have come to the other end when the last of three messages has. */
async function carried(from: number, to: number, below: "in" | "out"): Promise<readonly string[]> {
  const topics: string[] = [];
  await using writer = await connect(`mqtt://127.0.0.1:${from}`);
  await using reader = await connect(`mqtt://127.0.0.1:${to}`);
  const messages = reader.subscribe(`${below}/#`, { qos: 1 });
  await messages;
  for (const name of ["secret", "open"])
    await writer.publish(`${below}/${name}`, "text", { qos: 1 });
  for await (const { topic } of messages) {
    topics.push(topic);
    if (topic.endsWith("open")) break;
  }
  return topics;
}

const BRIDGES = [
  ["our client", linkByClient, true],
  ["mosquitto", linkByMosquitto, areInstalled("mosquitto")],
] as const;

for (const [name, link, isPresent] of BRIDGES) {
  describe.runIf(isPresent)(`rules of access, and ${name} as a bridge`, () => {
    const start = (accessRules: AccessRules): Promise<TestServer> =>
      startTestServer({
        accessRules,
        authenticators: [
          ({ userName }) => userName === "bridge" || undefined,
          new AnonymousAuthenticator(),
        ],
      });

    it("carries what may be carried, and no more once the right is taken away", async () => {
      await using ours = await start(ALL);
      await using far = await link(ours);
      expect(await carried(far.port, ours.port, "in")).toEqual(["in/secret", "in/open"]);
      expect(await carried(ours.port, far.port, "out")).toEqual(["out/secret", "out/open"]);
      await ours.server.access.replaceRules(DENIED);
      expect(await carried(far.port, ours.port, "in")).toEqual(["in/open"]);
      expect(await carried(ours.port, far.port, "out")).toEqual(["out/open"]);
      expect(ours.server.statistics).toMatchObject({
        publishesDenied: 1,
        subscriptionsRevoked: 1,
      });
    });

    it("does not bring what it may not publish, nor take what it may not subscribe to", async () => {
      await using ours = await start(DENIED);
      await using far = await link(ours);
      expect(await carried(far.port, ours.port, "in")).toEqual(["in/open"]);
      expect(await carried(ours.port, far.port, "out")).toEqual(["out/open"]);
      expect(ours.server.statistics).toMatchObject({ publishesDenied: 1, subscriptionsDenied: 1 });
    });
  });
}
