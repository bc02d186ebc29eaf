/** Requests that another client answers [MQTT 5.0, 4.10]. */
import { getEventListeners } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { connect } from "@anax/client";
import type { MqttClient } from "@anax/client";
import { MqttServer } from "@anax/server";
import { connected, disconnectAll } from "./in-memory-client.ts";

afterEach(disconnectAll);

async function pair(): Promise<{ asker: MqttClient; answerer: MqttClient } & AsyncDisposable> {
  const server = new MqttServer({ host: "127.0.0.1", port: 0, systemTopics: false });
  await server.start();
  const { url } = server.address();
  const [asker, answerer] = [await connect(url, { clientId: "asker" }), await connect(url)];
  return {
    asker,
    answerer,
    async [Symbol.asyncDispose]() {
      await asker.disconnect();
      await answerer.disconnect();
      await server.stop();
    },
  };
}

describe("request", () => {
  it("gives each request its own answer, in whatever order they come", async () => {
    await using both = await pair();
    const { asker, answerer } = both;
    const asked: { topic: string; data: Uint8Array; text: string }[] = [];
    await answerer.subscribe("double", ({ responseTopic, correlationData, text }) => {
      if (responseTopic === undefined || correlationData === undefined) return;
      asked.push({ topic: responseTopic, data: correlationData, text });
      if (asked.length < 3) return;
      for (const { topic, data, text: number } of asked.reverse()) {
        const answer = answerer.publish(topic, `${Number(number) * 2}`, { correlationData: data });
        void answer;
      }
    });
    const answers = await Promise.all([1, 2, 3].map((n) => asker.request("double", `${n}`)));
    expect(answers.map(({ text }) => text)).toEqual(["2", "4", "6"]);
    expect(asked[0]?.topic).toBe("response/asker");
  });

  it("uses the Response Topic of the options, and passes the others on", async () => {
    await using both = await pair();
    const { asker, answerer } = both;
    await answerer.subscribe("ask", ({ responseTopic = "", correlationData, contentType }) => {
      void answerer.publish(responseTopic, contentType ?? "", { correlationData });
    });
    const options = { responseTopic: "here", contentType: "text/plain" };
    const { topic, text } = await asker.request("ask", "", options);
    expect([topic, text]).toEqual(["here", "text/plain"]);
  });

  it("rejects when no client has subscribed, when time is over, and when it is given up", async () => {
    await using both = await pair();
    const { asker, answerer } = both;
    await expect(asker.request("nobody")).rejects.toMatchObject({
      code: "ANAX_REASON",
      reasonCode: 0x10,
    });
    await answerer.subscribe("silent", () => {});
    await expect(asker.request("silent", "", { timeoutMs: 1 })).rejects.toThrow(
      "no answer within 0.001 s to the request",
    );
    const abort = new AbortController();
    const asking = asker.request("silent", "", { signal: abort.signal });
    abort.abort(new Error("enough"));
    await expect(asking).rejects.toThrow("enough");
  });

  it("listens to its signal no longer than it waits, and is not sent if that is aborted", async () => {
    await using both = await pair();
    const { asker, answerer } = both;
    let asked = 0;
    await answerer.subscribe("ask", ({ responseTopic = "", correlationData }) => {
      asked += 1;
      void answerer.publish(responseTopic, "", { correlationData });
    });
    const { signal } = new AbortController();
    await asker.request("ask", "", { signal });
    await expect(asker.request("nobody", "", { signal })).rejects.toThrow("no client");
    expect(getEventListeners(signal, "abort")).toEqual([]);
    const asking = asker.request("ask", "", { signal: AbortSignal.abort(new Error("before")) });
    await expect(asking).rejects.toThrow("before");
    await asker.request("ask");
    expect(asked).toBe(2);
  });

  it("takes what the server says as Response Information", async () => {
    const { server, client } = await connected({
      requestResponseInformation: true,
      clientId: "c",
    });
    server.connack = { properties: { responseInformation: "answers/7" } };
    await client.disconnect();
    await client.connect();
    const asking = client.request("ask", "", { timeoutMs: 60_000 });
    await server.until("publish");
    const { properties } = server.packets("publish")[0] ?? {};
    expect(properties?.responseTopic).toBe("answers/7/c");
    const { correlationData } = properties ?? {};
    server.connection.publish("answers/7/c", "yes", { properties: { correlationData } as object });
    expect((await asking).text).toBe("yes");
  });

  it("needs MQTT 5.0, and refuses what would have no effect", async () => {
    const { client } = await connected({ protocolVersion: 4 });
    await expect(client.request("a")).rejects.toThrow("request needs MQTT 5.0");
    const other = await connected();
    const wrong = { correlationData: Uint8Array.of(1) } as object;
    await expect(other.client.request("a", "", wrong)).rejects.toThrow(
      'unknown option "correlationData"',
    );
  });
});
