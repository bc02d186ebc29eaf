/** The files of docs/guide/access-rules.md, with the clients of others. */
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { areInstalled } from "@anax/testing";
import mqtt from "mqtt";
import type { MqttClient } from "mqtt";
import { afterEach, describe, expect, it } from "vitest";
import { runToEnd } from "./support/command.ts";
import { serve } from "./support/serving.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const folder = temporaryFolder();
const page = readFileSync(new URL("../../../docs/guide/access-rules.md", import.meta.url), "utf8");
const FILES = new Map(
  [...page.matchAll(/<!-- file: (\S+) -->\n\n```yaml\n([^]*?)```/g)].map(
    ([, name = "", text = ""]) => {
      writeFileSync(join(folder, name), text);
      return [name, text];
    },
  ),
);
const clients: MqttClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) await client.endAsync(true);
});

function mosquitto(program: string, port: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const all = ["-h", "127.0.0.1", "-p", port, "-V", "mqttv5", ...args];
    execFile(program, all, (_error, stdout, stderr) => resolve(stdout + stderr));
  });
}

async function serving(name: string, users: readonly string[]): Promise<string> {
  const { urls } = await serve(
    "--access-file",
    join(folder, name),
    "--allow-anonymous",
    ...users.flatMap((user) => ["--user", `${user}:x`]),
  );
  return new URL(urls[0] ?? "").port;
}

/** A client on MQTT.js; `user` is its Client Identifier too. */
async function mqttjs(port: string, user: string): Promise<MqttClient> {
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, {
    clientId: user,
    username: user,
    password: "x",
    protocolVersion: 5,
    reconnectPeriod: 0,
  });
  clients.push(client);
  return client;
}

/** "granted", or what MQTT.js says of a refusal. */
async function subscribed(client: MqttClient, filter: string): Promise<string> {
  return client.subscribeAsync(filter, { qos: 1 }).then(
    (granted) => (granted.every(({ qos }) => qos < 128) ? "granted" : "refused"),
    () => "refused",
  );
}

async function published(client: MqttClient, topic: string, retain = false): Promise<string> {
  return client.publishAsync(topic, "x", { qos: 1, retain }).then(
    () => "taken",
    (error: { code?: number }) => `refused ${error.code}`,
  );
}

describe("docs/guide/access-rules.md", () => {
  it("has files that are right", async () => {
    expect([...FILES.keys()]).toEqual([
      "one-rule.yaml",
      "one-device.yaml",
      "tenants.yaml",
      "dashboard.yaml",
      "bridge.yaml",
    ]);
    for (const name of FILES.keys()) {
      const path = join(folder, name);
      const { stdout } = await runToEnd([
        "access",
        "check",
        "--access-file",
        path,
        "--publish",
        "x",
      ]);
      expect(stdout).toContain("denied: publish x");
    }
  });

  it("shows what anax access check says", async () => {
    const [, shown = ""] =
      /\$ anax access check --access-file dashboard[^\n]*\n([^]*?)```/.exec(page) ?? [];
    const path = join(folder, "dashboard.yaml");
    const args = ["--user", "sensor", "--publish", "plants/7/state", "--retain"];
    const { stdout } = await runToEnd(["access", "check", "--access-file", path, ...args]);
    expect(stdout.replaceAll(`${folder}/`, "")).toBe(shown);
  });

  it("one device, one topic tree", async () => {
    const port = await serving("one-device.yaml", ["lamp", "lock"]);
    const lamp = await mqttjs(port, "lamp");
    expect(await published(lamp, "devices/lamp/on")).toBe("taken");
    expect(await published(lamp, "devices/lock/open")).toBe("refused 135");
    expect(await subscribed(lamp, "commands/lamp/#")).toBe("granted");
    expect(await subscribed(lamp, "commands/+/open")).toBe("refused");
    expect(await subscribed(lamp, "devices/lamp/#")).toBe("refused");
  });

  it("tenants that must not see each other", async () => {
    const port = await serving("tenants.yaml", ["acme-app", "acme-gateway", "globex-gateway"]);
    const app = await mqttjs(port, "acme-app");
    const gateway = await mqttjs(port, "acme-gateway");
    const globex = await mqttjs(port, "globex-gateway");
    expect(await subscribed(app, "acme/#")).toBe("granted");
    expect(await subscribed(globex, "+/pumps/1")).toBe("refused");
    expect(await subscribed(globex, "#")).toBe("refused");
    const message = new Promise<string>((resolve) => app.once("message", resolve));
    expect(await published(gateway, "acme/pumps/1")).toBe("taken");
    expect(await message).toBe("acme/pumps/1");
    expect(await published(globex, "acme/pumps/1")).toBe("refused 135");
    expect(await published(gateway, "acme/billing/1")).toBe("refused 135");
  });

  it.runIf(areInstalled("mosquitto_pub", "mosquitto_sub"))(
    "a dashboard that may read all",
    async () => {
      const port = await serving("dashboard.yaml", ["dashboard", "sensor"]);
      const user = (name: string): string[] => ["-u", name, "-P", "x", "-i", name];
      const dashboard = await mqttjs(port, "dashboard");
      expect(await subscribed(dashboard, "#")).toBe("granted");
      expect(await subscribed(dashboard, "$SYS/#")).toBe("granted");
      expect(await published(dashboard, "plants/7/state")).toBe("refused 135");
      const states = new Promise<string>((resolve) => {
        dashboard.on("message", (topic, payload) => {
          if (topic.startsWith("plants/")) resolve(`${topic} ${payload.toString()}`);
        });
      });
      const state = ["-t", "plants/7/state", "-m", "wet", "-q", "1"];
      const sent = await mosquitto("mosquitto_pub", port, [...user("sensor"), ...state]);
      expect(sent).toBe("");
      expect(await states).toBe("plants/7/state wet");
      const retained = await mosquitto("mosquitto_pub", port, [...user("sensor"), ...state, "-r"]);
      expect(retained).toMatch(/not authori[sz]ed/i);
      const all = await mosquitto("mosquitto_sub", port, [
        ...user("sensor"),
        "-t",
        "#",
        "-W",
        "15",
      ]);
      expect(all).toMatch(/denied|not authori[sz]ed|rejected/i);
    },
  );
});
