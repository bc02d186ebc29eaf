/** Do pages in a browser, on three clients, get from our WebSocket listener what MQTT promises? */
import { areInstalled } from "@anax/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PageProgram, PageReport, PageRequest } from "./browser-clients/exchange.ts";
import { bundleForBrowsers, startBrowser } from "./support/chromium.ts";
import type { Browser } from "./support/chromium.ts";
import { startTestServer } from "./support/test-server.ts";
import type { TestServer } from "./support/test-server.ts";

/** Seen from inside the page: what its script has left there. */
declare const program: PageProgram;

const CLIENTS = ["anax", "mqttjs", "paho"] as const;

const VARIANTS = [
  { client: "anax", name: "our own client", version: 4 },
  { client: "anax", name: "our own client", version: 5 },
  { client: "mqttjs", name: "MQTT.js", version: 4 },
  { client: "mqttjs", name: "MQTT.js", version: 5 },
  { client: "paho", name: "paho-mqtt", version: 3 },
  { client: "paho", name: "paho-mqtt", version: 4 },
] as const;

describe.runIf(areInstalled("chromium"))("in Chromium", { timeout: 60_000 }, () => {
  let broker: TestServer;
  let browser: Browser;

  beforeAll(async () => {
    broker = await startTestServer({
      listeners: [
        { type: "tcp", port: 0 },
        // The subprotocol of MQTT 3.1 has another name, which is taken only if asked for.
        { type: "websocket", port: 0, subprotocols: ["mqtt", "mqttv3.1"] },
      ],
    });
    const bundles = CLIENTS.map(async (client) => {
      const file = new URL(`browser-clients/${client}.ts`, import.meta.url);
      return [client, await bundleForBrowsers(file)] as const;
    });
    browser = await startBrowser(new Map(await Promise.all(bundles)));
  }, 60_000);

  afterAll(async () => {
    await browser[Symbol.asyncDispose]();
    await broker[Symbol.asyncDispose]();
  });

  describe.each(VARIANTS)("a page on $name, protocol version $version", ({ client, version }) => {
    const root = `pages/${client}/${version}`;

    it("publishes and subscribes at every QoS, finds retained messages, keeps order", async () => {
      const page = await browser.open(client);
      const request: PageRequest = { url: broker.webSocketUrl, version, root };
      const report = await page.evaluate<PageReport, PageRequest>(
        (wish) => program.exchange(wish),
        request,
      );
      await page.close();
      const greeting = (qos: number): object => ({
        topic: `${root}/qos`,
        text: `at ${qos}: Grüße`,
        qos,
        retain: false,
      });
      const kept = { topic: `${root}/kept`, text: "kept", qos: 1 };
      const large = { topic: `${root}/large`, text: "x".repeat(200_000), qos: 1, retain: false };
      expect(report).toEqual({
        messages: [
          greeting(0),
          greeting(1),
          greeting(2),
          { ...kept, retain: false },
          large,
          { ...kept, retain: true },
        ],
        manyInOrder: true,
      });
    });

    it("leaves a will when it is closed", async () => {
      const [page, published] = [await browser.open(client), willOf(broker, root)];
      const request: PageRequest = { url: broker.webSocketUrl, version, root };
      await page.evaluate<void, PageRequest>((wish) => program.stay(wish), request);
      await page.close();
      expect(await published).toBe("gone");
    });
  });
});

/** The text of the will when it is published. */
function willOf({ server }: TestServer, root: string): Promise<string> {
  return new Promise((resolve) => {
    const registration = server.on("interceptingPublish", ({ applicationMessage }) => {
      if (applicationMessage?.topic !== `${root}/will`) return;
      registration.dispose();
      resolve(new TextDecoder().decode(applicationMessage.payload));
    });
  });
}
