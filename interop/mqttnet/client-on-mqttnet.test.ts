/** Does our client, and our command, do on MQTTnet's server what it does on ours? */
import { connect as connectClient, MqttClient } from "@anax/client";
import type { ClientOptions, Message } from "@anax/client";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { areInstalled, freePort } from "@anax/testing";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { bundledProgram } from "../../tools/bundled-program.ts";
import type { PageProgram, PageReport, PageRequest } from "../browser-clients/exchange.ts";
import { CertificateAuthority } from "../support/certificates.ts";
import { runProgram } from "../support/child-program.ts";
import { bundleForBrowsers, startBrowser } from "../support/chromium.ts";
import { inWhole } from "./how-much.ts";
import { DotnetPart, isDotnetThere, sayIfLeftOut } from "./program.ts";

/** Seen from inside the page: what its script has left there. */
declare const program: PageProgram;

sayIfLeftOut();

type Version = NonNullable<ClientOptions["protocolVersion"]>;
const VERSIONS: readonly Version[] = [3, 4, 5];
const MESSAGES = inWhole(500, 50);
const RECONNECT = { initialDelayMs: 5, delayMaxMs: 50 };

async function connect(url: string, options: ClientOptions = {}): Promise<MqttClient> {
  const client = await connectClient(url, options);
  onTestFinished(() => client.disconnect());
  return client;
}

async function take(messages: AsyncIterable<Message>, count: number): Promise<Message[]> {
  const taken: Message[] = [];
  for await (const message of messages) if (taken.push(message) === count) break;
  return taken;
}

describe.runIf(isDotnetThere)("our client on MQTTnet's server", { timeout: 60_000 }, () => {
  let plain: DotnetPart;
  let web: DotnetPart;
  let authority: CertificateAuthority;
  let urls: Readonly<Record<"TCP" | "TLS" | "Kestrel" | "MapMqtt", string>>;
  let page: string;

  beforeAll(async () => {
    authority = new CertificateAuthority("Anax");
    const [port, tlsPort, mqttPort, webPort] = [
      await freePort(),
      await freePort(),
      await freePort(),
      await freePort(),
    ];
    [plain, web] = await Promise.all([DotnetPart.start("server"), DotnetPart.start("server")]);
    await plain.call("start", { port, tls: { port: tlsPort, ...authority.issue("server") } });
    const script = await bundleForBrowsers(new URL("../browser-clients/anax.ts", import.meta.url));
    await web.call("startWeb", { mqttPort, webPort, script });
    page = `http://127.0.0.1:${webPort}/`;
    urls = {
      TCP: `mqtt://127.0.0.1:${port}`,
      TLS: `mqtts://127.0.0.1:${tlsPort}`,
      Kestrel: `mqtt://127.0.0.1:${mqttPort}`,
      MapMqtt: `ws://127.0.0.1:${webPort}/mqtt`,
    };
  }, 120_000);

  afterAll(async () => {
    await plain[Symbol.asyncDispose]();
    await web[Symbol.asyncDispose]();
    authority[Symbol.dispose]();
  });

  const options = (way: string): ClientOptions =>
    way === "TLS" ? { tls: { ca: authority.certificate } } : {};

  describe.each(["TCP", "TLS", "Kestrel", "MapMqtt"] as const)("over %s", (way) => {
    it.each(VERSIONS)("carries messages at every QoS, version %i", async (protocolVersion) => {
      const client = await connect(urls[way], { ...options(way), protocolVersion });
      for (const qos of [0, 1, 2] as const) {
        const topic = `every/${way}/${protocolVersion}/${qos}`;
        const subscription = client.subscribe(topic, { qos });
        await subscription;
        const texts = Array.from({ length: MESSAGES }, (_, index) => `${index}`);
        const published = texts.map((text) => client.publish(topic, text, { qos }));
        const got = await take(subscription, MESSAGES);
        await Promise.all(published);
        expect(got.map(({ text }) => text).toSorted()).toEqual(texts.toSorted());
      }
    });

    it("finds retained messages, and what waited in its session", async () => {
      const lasting = { ...options(way), clientId: `away-${way}`, cleanStart: false };
      const first = await connect(urls[way], { ...lasting, sessionExpiryIntervalSeconds: 60 });
      await first.subscribe(`away/${way}`, { qos: 1 });
      await first.disconnect();
      const publisher = await connect(urls[way], options(way));
      await publisher.publish(`kept/${way}`, "kept", { qos: 1, retain: true });
      await publisher.publish(`away/${way}`, "waited", { qos: 1 });
      const [kept] = await take(publisher.subscribe(`kept/${way}`, { qos: 1 }), 1);
      expect(kept).toMatchObject({ text: "kept", retain: true });
      const second = new MqttClient(urls[way], { ...lasting, sessionExpiryIntervalSeconds: 60 });
      const waited = new Promise<string>((resolve) =>
        second.on("message", ({ text }) => resolve(text)),
      );
      await second.connect();
      onTestFinished(() => second.disconnect());
      expect(second.connectResult?.sessionPresent).toBe(true);
      expect(await waited).toBe("waited");
    });
  });

  it("comes back when the server was killed, and publishes what waited meanwhile", async () => {
    const port = await freePort();
    const first = await DotnetPart.start("server");
    await first.call("start", { port });
    const client = await connect(`mqtt://127.0.0.1:${port}`, { reconnect: RECONNECT });
    const texts: string[] = [];
    await client.subscribe("killed", ({ text }) => texts.push(text), { qos: 1 });
    await client.publish("killed", "before", { qos: 1 });
    const lost = new Promise((resolve) => client.on("disconnected", resolve));
    await first.kill();
    await lost;
    const waiting = client.publish("killed", "meanwhile", { qos: 1 });
    await using second = await DotnetPart.start("server");
    await second.call("start", { port });
    await waiting;
    await client.publish("killed", "after", { qos: 1 });
    await client.ping();
    expect(texts.at(-1)).toBe("after");
  });

  it("anax pub and anax sub reach it, over every way", async () => {
    const anax = await bundledProgram(
      join(fileURLToPath(new URL("../../", import.meta.url)), "packages/anax/src/main.ts"),
    );
    for (const [way, url] of Object.entries(urls)) {
      const to = ["-L", url, ...(way === "TLS" ? ["--cafile", authority.certificateFile] : [])];
      const message = ["-t", "from/command", "-m", `by ${url}`, "-q", "2", "-r"];
      await runProgram(process.execPath, [anax, "pub", ...to, ...message]);
      const wanted = ["-t", "from/command", "-q", "2", "-C", "1"];
      const output = await runProgram(process.execPath, [anax, "sub", ...to, ...wanted]);
      expect(output).toBe(`by ${url}\n`);
    }
  });

  it.runIf(areInstalled("chromium"))("a page of ASP.NET reaches it in Chromium", async () => {
    await using browser = await startBrowser(new Map());
    const opened = await browser.visit(page);
    const request: PageRequest = { url: urls.MapMqtt, version: 5, root: "page" };
    const report = await opened.evaluate<PageReport, PageRequest>(
      (wish) => program.exchange(wish),
      request,
    );
    expect(report.manyInOrder).toBe(true);
    expect(report.messages.map(({ text }) => text.slice(0, 10))).toEqual(
      expect.arrayContaining(
        ["at 0: Grü", "at 1: Grü", "at 2: Grü", "kept"].map((text) =>
          expect.stringContaining(text),
        ),
      ),
    );
  });
});
