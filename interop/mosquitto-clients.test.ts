/** Do mosquitto_pub and mosquitto_sub, in all versions, get from us what MQTT promises? */
import { randomBytes } from "node:crypto";
import { areInstalled } from "@anax/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { words } from "./support/arguments.ts";
import { startProgram } from "./support/child-program.ts";
import {
  MOSQUITTO_VERSIONS,
  mosquittoPub,
  mosquittoSub,
  newClientId,
} from "./support/mosquitto.ts";
import { serverEvent, startTestServer } from "./support/test-server.ts";
import type { TestServer } from "./support/test-server.ts";

const QOS = ["0", "1", "2"];

describe.runIf(areInstalled("mosquitto_pub", "mosquitto_sub"))(
  "mosquitto_pub and mosquitto_sub",
  () => {
    let broker: TestServer;

    beforeAll(async () => {
      broker = await startTestServer();
    });

    afterAll(() => broker[Symbol.asyncDispose]());

    describe.each(MOSQUITTO_VERSIONS)("in %s", (version) => {
      it.each(QOS)(
        "deliver what was published at QoS %s, at that QoS and in order",
        async (qos) => {
          const topic = `order/${version}/${qos}`;
          const lines = Array.from({ length: 50 }, (_, index) => `line ${index}`);
          const subscriber = await mosquittoSub(
            broker,
            words`
        -V ${version} -t order/${version}/+ -q ${qos} -C ${lines.length} -F ${"%q %t %p"}
      `,
          );
          await mosquittoPub(
            broker,
            words`-V ${version} -t ${topic} -q ${qos} -l`,
            lines.join("\n"),
          );
          const output = await subscriber.succeeded();
          expect(output.trim().split("\n")).toEqual(lines.map((line) => `${qos} ${topic} ${line}`));
        },
      );

      it("are given a lower QoS where the subscription asks for it", async () => {
        const lower = words`-V ${version} -t lower/${version}`;
        const subscriber = await mosquittoSub(broker, words`${lower} -q 1 -C 2 -F ${"%q %p"}`);
        await mosquittoPub(broker, words`${lower} -q 2 -m two`);
        await mosquittoPub(broker, words`${lower} -q 0 -m zero`);
        expect(await subscriber.succeeded()).toBe("1 two\n0 zero\n");
      });

      it("find the retained message, and none after an empty one", async () => {
        const topic = `retained/${version}`;
        const publish = words`-V ${version} -t ${topic} -q 1 -r`;
        await mosquittoPub(broker, words`${publish} -m kept`);
        const subscribe = words`-V ${version} -t ${topic} -t retained/marker -F ${"%r %p"}`;
        const finder = await mosquittoSub(broker, words`${subscribe} -C 1`);
        expect(await finder.succeeded()).toBe("1 kept\n");

        await mosquittoPub(broker, words`${publish} -n`);
        const seeker = await mosquittoSub(broker, words`${subscribe} -C 1`);
        await mosquittoPub(broker, words`-t retained/marker -m ${"nothing before this"}`);
        expect(await seeker.succeeded()).toBe("0 nothing before this\n");
      });

      it("leave a will when they are gone without a word", async () => {
        const topic = `will/${version}`;
        const watcher = await mosquittoSub(
          broker,
          words`
        -V ${version} -t ${topic} -q 2 -C 1 -F ${"%q %p"}
      `,
        );
        const mortal = await mosquittoSub(
          broker,
          words`
        -V ${version} -t nothing --will-topic ${topic} --will-payload gone --will-qos 2
      `,
        );
        await mortal.stop("SIGKILL");
        expect(await watcher.succeeded()).toBe("2 gone\n");
      });

      it("leave no will when they disconnect", async () => {
        const topic = `no-will/${version}`;
        const watcher = await mosquittoSub(broker, words`-V ${version} -t ${topic} -C 1`);
        const will = words`--will-topic ${topic} --will-payload gone`;
        await mosquittoPub(broker, words`-V ${version} -t nothing -m x ${will}`);
        await mosquittoPub(broker, words`-V ${version} -t ${topic} -m ${"the first message"}`);
        expect(await watcher.succeeded()).toBe("the first message\n");
      });

      it("find in their session what came while they were away", async () => {
        const topic = `offline/${version}`;
        const subscribe = words`
        -V ${version} -i ${newClientId()} -c -q 2 -t ${topic} -F ${"%q %p"}
      `;
        await (await mosquittoSub(broker, words`${subscribe} -E`)).succeeded();
        const messages = ["first", "second", "third"];
        for (const [qos, message] of messages.entries()) {
          await mosquittoPub(broker, words`-V ${version} -t ${topic} -q ${qos} -m ${message}`);
        }
        const subscriber = await mosquittoSub(broker, words`${subscribe} -C 2`);
        expect(await subscriber.succeeded()).toBe("1 second\n2 third\n");
      });

      it("share a subscription, so that each message goes to one of them", async () => {
        const topic = `shared/${version}`;
        const share = words`-V ${version} -t $share/group/${topic} -q 1 -C 4`;
        const members = await Promise.all([
          mosquittoSub(broker, share),
          mosquittoSub(broker, share),
        ]);
        const messages = Array.from({ length: 8 }, (_, index) => `${index}`);
        await mosquittoPub(broker, words`-V ${version} -t ${topic} -q 1 -l`, messages.join("\n"));
        const outputs = await Promise.all(members.map((member) => member.succeeded()));
        expect(outputs.flatMap((output) => output.trim().split("\n")).toSorted()).toEqual(messages);
      });

      it("carry a large payload unchanged", async () => {
        const payload = randomBytes(450_000).toString("hex");
        const topic = `large/${version}`;
        const subscriber = await mosquittoSub(
          broker,
          words`-V ${version} -t ${topic} -q 2 -C 1 -N`,
        );
        await mosquittoPub(broker, words`-V ${version} -t ${topic} -q 2 -s`, payload);
        expect((await subscriber.succeeded()) === payload).toBe(true);
      });

      it("stop getting messages of a filter that they unsubscribe", async () => {
        const unsubscribed = serverEvent(
          broker.server,
          "clientUnsubscribedTopic",
          (event) => event.topic === `left/${version}`,
        );
        const session = words`-V ${version} -i ${newClientId()} -c`;
        const first = words`${session} -t left/${version} -t kept/${version} -E`;
        await (await mosquittoSub(broker, first)).succeeded();
        const subscriber = await mosquittoSub(
          broker,
          words`
        ${session} -t kept/${version} -U left/${version} -C 1
      `,
        );
        await unsubscribed;
        await mosquittoPub(broker, words`-V ${version} -t left/${version} -m left`);
        await mosquittoPub(broker, words`-V ${version} -t kept/${version} -m kept`);
        expect(await subscriber.succeeded()).toBe("kept\n");
      });
    });

    it("understand each other across versions", async () => {
      const subscribers = await Promise.all(
        MOSQUITTO_VERSIONS.map((version) =>
          mosquittoSub(broker, words`-V ${version} -t across/# -q 2 -C 3 -F ${"%t %q %p"}`),
        ),
      );
      for (const [qos, version] of MOSQUITTO_VERSIONS.entries()) {
        await mosquittoPub(broker, words`-V ${version} -t across/${version} -q ${qos} -m hello`);
      }
      for (const subscriber of subscribers) {
        expect(await subscriber.succeeded()).toBe(
          "across/mqttv31 0 hello\nacross/mqttv311 1 hello\nacross/mqttv5 2 hello\n",
        );
      }
    });

    it("pass the properties of MQTT 5.0 on", async () => {
      const subscriber = await mosquittoSub(broker, words`-V mqttv5 -t properties -C 1 -F %j`);
      await mosquittoPub(
        broker,
        words`
      -V mqttv5 -t properties -m 21
      -D PUBLISH content-type text/plain
      -D PUBLISH response-topic answers
      -D PUBLISH correlation-data c1
      -D PUBLISH message-expiry-interval 100
      -D PUBLISH payload-format-indicator 1
      -D PUBLISH user-property unit degree
      -D PUBLISH user-property place Köln
      -D PUBLISH topic-alias 3
    `,
      );
      const message: unknown = JSON.parse(await subscriber.succeeded());
      expect(message).toMatchObject({
        topic: "properties",
        payload: "21",
        properties: {
          "content-type": "text/plain",
          "response-topic": "answers",
          "correlation-data": "c1",
          "payload-format-indicator": 1,
          "message-expiry-interval": expect.any(Number),
          "user-properties": { unit: "degree", place: "Köln" },
        },
      });
    });

    it("keep the RETAIN flag where Retain As Published asks for it", async () => {
      const subscriber = await mosquittoSub(
        broker,
        words`
      -V mqttv5 -t as-published --retain-as-published -C 1 -F ${"%r %p"}
    `,
      );
      await mosquittoPub(broker, words`-V mqttv5 -t as-published -m kept -r`);
      expect(await subscriber.succeeded()).toBe("1 kept\n");
    });

    it("find the topics of $SYS", async () => {
      await using system = await startTestServer({ systemTopics: { intervalSeconds: 1 } });
      const subscriber = await mosquittoSub(
        system,
        words`
      -t $SYS/broker/version -t $SYS/broker/clients/connected -C 2 -F ${"%t %p"}
    `,
      );
      const lines = (await subscriber.succeeded()).trim().split("\n").toSorted();
      expect(lines).toEqual([
        expect.stringMatching(/^\$SYS\/broker\/clients\/connected \d+$/),
        expect.stringMatching(/^\$SYS\/broker\/version .*\d+\.\d+\.\d+/),
      ]);
    });
  },
);

describe.runIf(areInstalled("mosquitto_pub", "mosquitto_sub"))(
  "user and password of mosquitto_pub",
  () => {
    let broker: TestServer;

    beforeAll(async () => {
      broker = await startTestServer({ users: { anna: "secret" } });
    });

    afterAll(() => broker[Symbol.asyncDispose]());

    it.each(MOSQUITTO_VERSIONS)("let the right one in, in %s", async (version) => {
      const credentials = words`-V ${version} -u anna -P secret -t door`;
      const subscriber = await mosquittoSub(broker, words`${credentials} -C 1`);
      await mosquittoPub(broker, words`${credentials} -m open -q 1`);
      expect(await subscriber.succeeded()).toBe("open\n");
    });

    const strangers: readonly (readonly [string, readonly string[]])[] = [
      ["a wrong password", ["-u", "anna", "-P", "wrong"]],
      ["an unknown user", ["-u", "berta", "-P", "secret"]],
      ["a user without a password", ["-u", "anna"]],
      ["nobody", []],
    ];

    describe.each(MOSQUITTO_VERSIONS)("in %s", (version) => {
      it.each(strangers)("keep %s out, and say why", async (_who, credentials) => {
        const publisher = startProgram(
          "mosquitto_pub",
          words`
        -h 127.0.0.1 -p ${broker.port} -V ${version} ${credentials} -t door -m knock -q 1
      `,
        );
        const { code, errors } = await publisher.ended;
        // Its exit code is the Reason Code of CONNACK in MQTT 5.0, and the return code before.
        expect({ code, errors }).toEqual(
          version === "mqttv5"
            ? { code: 134, errors: expect.stringContaining("Bad User Name or Password") }
            : { code: 4, errors: expect.stringContaining("bad user name or password") },
        );
      });
    });
  },
);
