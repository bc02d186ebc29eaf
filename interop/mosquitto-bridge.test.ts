/** Does mosquitto, as a bridge, keep two servers of which one is ours in step? */
import { connect as connectClient } from "@anax/client";
import type { Message, MqttClient } from "@anax/client";
import { areInstalled } from "@anax/testing";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { startMosquitto } from "./support/servers-of-others.ts";
import type { ForeignServer } from "./support/servers-of-others.ts";
import { serverEvent, startTestServer } from "./support/test-server.ts";
import type { TestServer } from "./support/test-server.ts";

async function connect(port: number): Promise<MqttClient> {
  const client = await connectClient(`mqtt://127.0.0.1:${port}`);
  onTestFinished(() => client.disconnect());
  return client;
}

async function firstOf(messages: AsyncIterable<Message>): Promise<Message | undefined> {
  for await (const message of messages) return message;
  return undefined;
}

const VERSIONS = ["mqttv31", "mqttv311", "mqttv50"] as const;

describe.runIf(areInstalled("mosquitto")).each(VERSIONS)(
  "mosquitto as a bridge in %s",
  (version) => {
    let ours: TestServer;
    let mosquitto: ForeignServer;

    beforeAll(async () => {
      ours = await startTestServer();
      const linked = serverEvent(
        ours.server,
        "clientSubscribedTopic",
        ({ clientId }) => clientId === "bridge",
      );
      mosquitto = await startMosquitto(
        [],
        [
          "connection to-anax",
          `address 127.0.0.1:${ours.port}`,
          `bridge_protocol_version ${version}`,
          "remote_clientid bridge",
          "topic # both 2 near/ far/",
        ],
      );
      await linked;
    });

    afterAll(async () => {
      await mosquitto[Symbol.asyncDispose]();
      await ours[Symbol.asyncDispose]();
    });

    it("brings us what was published there", async () => {
      const [here, there] = [await connect(ours.port), await connect(mosquitto.port)];
      const messages = here.subscribe("far/#", { qos: 2 });
      await messages;
      await there.publish("near/out", "to Anax", { qos: 2 });
      expect(await firstOf(messages)).toMatchObject({ topic: "far/out", text: "to Anax", qos: 2 });
    });

    it("brings there what was published here", async () => {
      const [here, there] = [await connect(ours.port), await connect(mosquitto.port)];
      const messages = there.subscribe("near/#", { qos: 2 });
      await messages;
      await here.publish("far/in", "from Anax", { qos: 2 });
      expect(await firstOf(messages)).toMatchObject({
        topic: "near/in",
        text: "from Anax",
        qos: 2,
      });
    });

    it("keeps the RETAIN flag both ways", async () => {
      const [here, there] = [await connect(ours.port), await connect(mosquitto.port)];
      const arrived = here.subscribe("far/kept", { qos: 1 });
      await arrived;
      await there.publish("near/kept", "kept", { qos: 1, retain: true });
      await firstOf(arrived);
      expect(await firstOf(here.subscribe("far/kept"))).toMatchObject({
        text: "kept",
        retain: true,
      });

      const departed = there.subscribe("near/kept-too", { qos: 1 });
      await departed;
      await here.publish("far/kept-too", "kept", { qos: 1, retain: true });
      await firstOf(departed);
      const later = there.subscribe("near/kept-too");
      expect(await firstOf(later)).toMatchObject({ text: "kept", retain: true });
    });

    it("tells whether it is up", async () => {
      const here = await connect(ours.port);
      const state = await firstOf(here.subscribe("$SYS/broker/connection/+/state", { qos: 1 }));
      expect(state).toMatchObject({ text: "1", retain: true });
    });

    it("causes no echo", async () => {
      for (const [port, name] of [
        [ours.port, "far"],
        [mosquitto.port, "near"],
      ] as const) {
        const client = await connect(port);
        const texts: string[] = [];
        const last = client.subscribe(`${name}/last`, { qos: 1 });
        await client.subscribe(`${name}/echo`, ({ text }) => texts.push(text), { qos: 1 });
        await client.publish(`${name}/echo`, "once", { qos: 1 });
        // What is published at the other end later comes after the echo.
        const other = await connect(port === ours.port ? mosquitto.port : ours.port);
        const otherName = name === "far" ? "near" : "far";
        const passed = other.subscribe(`${otherName}/echo-end`, { qos: 1 });
        await passed;
        await client.publish(`${name}/echo-end`, "", { qos: 1 });
        await firstOf(passed);
        await other.publish(`${otherName}/last`, "", { qos: 1 });
        await firstOf(last);
        expect(texts).toEqual(["once"]);
      }
    });
  },
);
