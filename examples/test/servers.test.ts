/** The examples that are servers, each with the clients that it was written for. */
import { connect } from "@anax/client";
import { describe, expect, it, onTestFinished } from "vitest";
import { main as pushCommands } from "../push-commands.ts";
import { main as serverAccess } from "../server-access.ts";
import { main as serverEvents } from "../server-events.ts";
import { ExampleRun, urlOf } from "./example-run.ts";

describe("server-events", () => {
  it("logs who comes, subscribes, publishes, unsubscribes and goes", async () => {
    const run = new ExampleRun((signal, print) => serverEvents(signal, print, 0));
    const client = await connect(await urlOf(run), { clientId: "lamp", userName: "anna" });
    const subscription = client.subscribe("rooms/#", () => undefined, { qos: 1 });
    await subscription;
    await client.publish("rooms/kitchen", "on", { qos: 2 });
    await subscription.unsubscribe();
    await client.disconnect();
    await run.printed(/lamp disconnected/);
    const [, ...lines] = await run.stop();
    expect(lines).toEqual([
      "lamp connected as anna, protocol version 5",
      "lamp subscribed to rooms/# at QoS 1",
      "lamp published to rooms/kitchen at QoS 2: on",
      "lamp unsubscribed from rooms/#",
      "lamp disconnected (clean)",
    ]);
  });
});

describe("server-access", () => {
  it("keeps out who has no password, and everybody in their own topics", async () => {
    const run = new ExampleRun((signal, print) => serverAccess(signal, print, 0));
    const url = await urlOf(run);
    const wrong = { userName: "anna", password: "secret of Berta" };
    await expect(connect(url, wrong)).rejects.toMatchObject({ reasonCode: 0x86 });
    await expect(connect(url)).rejects.toMatchObject({ reasonCode: 0x86 });

    const anna = await connect(url, { userName: "anna", password: "secret of Anna" });
    onTestFinished(() => anna.disconnect());
    const foreign = anna.subscribe("users/berta/#", { qos: 1 });
    await expect(foreign).rejects.toMatchObject({ reasonCode: 0x87 });
    const large = anna.publish("users/anna/log", new Uint8Array(1_001), { qos: 1 });
    await expect(large).rejects.toMatchObject({ reasonCode: 0x97 });

    const own = anna.subscribe("users/anna/#", { qos: 1 });
    await own;
    await anna.publish("users/anna/log", "hello", { qos: 1 });
    for await (const { text, userProperties } of own) {
      expect({ text, userProperties }).toEqual({
        text: "hello",
        userProperties: [["publisher", "anna"]],
      });
      break;
    }
    const [, ...lines] = await run.stop();
    expect(lines).toEqual([
      "anna stays outside",
      "nobody stays outside",
      "anna may not subscribe to users/berta/#",
      "anna may not publish 1001 bytes at once",
    ]);
  });
});

describe("push-commands", () => {
  it("brings every command to the device, which obeys each once", async () => {
    const run = new ExampleRun((signal, print) => pushCommands(signal, print, 0));
    const lines = (await run.ended()).map((line) => line.replace(/\d\d:\d\d:\d\d/, "TIME"));
    expect(lines).toEqual([
      "server: command 1 goes to 1 device",
      "device: command 1 of TIME: I open the valve",
      "server: command 2 goes to 1 device",
      "device: command 2 of TIME: I close the valve",
      "device: my connection is gone",
      "device: back again, my session is still there",
      "device: command 2 again, ignored",
      "server: command 3 goes to 1 device",
      "device: command 3 of TIME: I report",
    ]);
  });
});
