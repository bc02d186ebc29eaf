/** What a program in JavaScript, or one with a variable that is not set, gives to the management of a server. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MqttConfigurationError, MqttServer } from "../../src/index.ts";

const server = new MqttServer({ port: 0, systemTopics: false });

beforeAll(() => server.start());
afterAll(() => server.stop());

type Calls = Readonly<Record<string, (value: never, options?: never) => unknown>>;

const BY_NAME: Calls = {
  "clients.get": (value) => server.clients.get(value),
  "clients.disconnect": (value) => server.clients.disconnect(value),
  "clients.resetStatistics": (value) => server.clients.resetStatistics(value),
  "sessions.get": (value) => server.sessions.get(value),
  "sessions.subscriptions": (value) => server.sessions.subscriptions(value),
  "sessions.create": (value) => server.sessions.create(value),
  "sessions.delete": (value) => server.sessions.delete(value),
  "sessions.clearQueue": (value) => server.sessions.clearQueue(value),
  "sessions.receivers": (value) => server.sessions.receivers(value),
  "retainedMessages.get": (value) => server.retainedMessages.get(value),
  "retainedMessages.delete": (value) => server.retainedMessages.delete(value),
};

describe.each(Object.entries(BY_NAME))("%s", (_name, call) => {
  it.each([undefined, null, 5, {}, []])("refuses %j, which is no text", async (value) => {
    const act = async (): Promise<unknown> => call(value as never);
    await expect(act()).rejects.toThrow(MqttConfigurationError);
    await expect(act()).rejects.toThrow("must be a string");
  });
});

it("sessions.receivers refuses options that it does not know", () => {
  const options = { limt: 5 } as object;
  expect(() => server.sessions.receivers("a", options)).toThrow('unknown option "limt"');
  expect(() => server.sessions.receivers("a", { limit: -1 })).toThrow("receivers.limit -1");
});
