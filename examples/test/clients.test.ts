/** The examples that are clients, against a server of ours. */
import { connect } from "@anax/client";
import { MqttServer } from "@anax/server";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { main as cloudClient } from "../cloud-client.ts";
import { main as deviceGone } from "../device-gone.ts";
import { main as persistentSession } from "../persistent-session.ts";
import { main as publisher } from "../publisher.ts";
import { main as retainedConfiguration } from "../retained-configuration.ts";
import { main as subscriber } from "../subscriber.ts";
import { ExampleRun } from "./example-run.ts";

const server = new MqttServer({ port: 0, systemTopics: false });
let url: string;

beforeAll(async () => {
  await server.start();
  ({ url } = server.address());
});

afterAll(() => server.stop());

describe("publisher and subscriber", () => {
  it("meet on mytopic until a key is pressed", async () => {
    let press: () => void = () => undefined;
    const key = new Promise<void>((resolve) => {
      press = resolve;
    });
    const reader = new ExampleRun((signal, print) => subscriber(signal, print, url, key));
    await reader.printed(/subscribed to mytopic at QoS 1/);
    const writer = new ExampleRun((signal, print) => publisher(signal, print, url, 5));
    await reader.printed(/message 3$/);
    press();
    const [, ...heard] = await reader.ended();
    await writer.printed(/nobody subscribes/);
    expect(heard.slice(0, 3)).toEqual([
      "mytopic at QoS 1: message 1",
      "mytopic at QoS 1: message 2",
      "mytopic at QoS 1: message 3",
    ]);
    expect(heard.at(-1)).toBe("unsubscribed from mytopic");
    expect((await writer.stop())[0]).toBe("message 1: published");
  });
});

describe("persistent-session", () => {
  it("gets what came while it was away", async () => {
    const run = new ExampleRun((signal, print) => persistentSession(signal, print, url));
    expect(await run.ended()).toEqual([
      "the reader has subscribed to news/# and left",
      "published: first news",
      "published: second news",
      "published: third news",
      "the reader is back, and the session was kept",
      "the reader gets news/local: first news",
      "the reader gets news/local: second news",
      "the reader gets news/local: third news",
    ]);
    expect(server.statistics.sessionsCurrent).toBe(0);
  });
});

describe("persistent-session where no session is kept", () => {
  it("says so and ends", async () => {
    await using forgetful = new MqttServer({
      port: 0,
      systemTopics: false,
      sessionExpiryMaxSeconds: 0,
    });
    await forgetful.start();
    const at = forgetful.address().url;
    const run = new ExampleRun((signal, print) => persistentSession(signal, print, at));
    expect((await run.ended()).at(-1)).toBe("the reader is back, and no session was kept");
  });

  it("ends when it is stopped, also while it waits", async () => {
    // Takes the session away between the two connections of the reader, but says that it is there.
    await using other = new MqttServer({ port: 0, systemTopics: false });
    other.on("interceptingClientEnqueue", (event) => void (event.acceptEnqueue = false));
    await other.start();
    const at = other.address().url;
    const run = new ExampleRun((signal, print) => persistentSession(signal, print, at));
    await run.printed(/the reader is back, and the session was kept/);
    expect((await run.stop()).at(-1)).toBe("the reader is back, and the session was kept");
  });
});

describe("retained-configuration", () => {
  it("gives a device the newest configuration, and then each change", async () => {
    const run = new ExampleRun((signal, print) => retainedConfiguration(signal, print, url));
    const lines = await run.ended();
    expect(lines.filter((line) => line.startsWith("device"))).toEqual([
      'device: {"degrees":20}, which was there when I came',
      'device: {"degrees":21}, which is new',
    ]);
    expect(lines.filter((line) => line.startsWith("office"))).toEqual([
      "office: 19 degrees from now on",
      "office: 20 degrees from now on",
      "office: 21 degrees from now on",
      "office: no configuration any more",
    ]);
    expect(server.statistics.retainedMessagesCurrent).toBe(0);
  });
});

describe("device-gone", () => {
  it("hears from the server that a device has died", async () => {
    const run = new ExampleRun((signal, print) => deviceGone(signal, print, url));
    expect(await run.ended()).toEqual([
      "devices/7 is here",
      "killed the process of devices/7",
      "devices/7 is gone",
    ]);
  });
});

describe("cloud-client", () => {
  it("comes with its credentials, leaves, and finds its orders when it is back", async () => {
    await using cloud = new MqttServer({ port: 0 });
    const seen: object[] = [];
    cloud.on("validatingConnection", (event) => {
      const { clientId, userName, password, cleanStart, keepAliveSeconds } = event;
      if (clientId === "boss") return;
      const key = new TextDecoder().decode(password);
      seen.push({ clientId, userName, key, cleanStart, keepAliveSeconds });
    });
    await cloud.start();
    const account = {
      url: cloud.address().url,
      deviceId: "device-7",
      productId: "product-3",
      key: "the key",
    };
    const first = new ExampleRun((signal, print) => cloudClient(signal, print, account));
    await first.printed(/reported/);
    await first.stop();

    const boss = await connect(account.url, { clientId: "boss" });
    onTestFinished(() => boss.disconnect());
    await boss.publish("orders/device-7", "cool down", { qos: 1 });

    const second = new ExampleRun((signal, print) => cloudClient(signal, print, account));
    await second.printed(/cool down/);
    await second.printed(/reported/);
    await second.stop();
    const device = { clientId: "device-7", userName: "product-3", key: "the key" };
    const visit = { ...device, cleanStart: false, keepAliveSeconds: 2_000 };
    expect(seen).toEqual([visit, visit]);
    expect(first.lines).toEqual([
      "connected as device-7, for the first time",
      "reported 21 degrees",
      "disconnected; the session stays",
    ]);
    expect(second.lines).toContain("connected as device-7, to my old session");
    expect(second.lines).toContain("orders/device-7: cool down");
  });
});
