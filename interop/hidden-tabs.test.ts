/** Does a page keep its connection while it is hidden, when the browser lets its timers come once a minute? */
import { setTimeout as wait } from "node:timers/promises";
import { areInstalled } from "@anax/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleForBrowsers, servePages } from "./support/chromium.ts";
import { startTabbedBrowser } from "./support/tabs.ts";
import type { Tab, TabbedBrowser } from "./support/tabs.ts";
import { startTestServer } from "./support/test-server.ts";
import type { TestServer } from "./support/test-server.ts";

/** In this time a client whose timers follow one another is cut off. Shorter Keep Alives would judge the load of the machine. */
const HIDDEN_MS = Number(process.env["HIDDEN_SECONDS"] ?? 20) * 1_000;

describe.runIf(areInstalled("chromium"))("a hidden tab of Chromium", { timeout: 600_000 }, () => {
  let broker: TestServer;
  let browser: TabbedBrowser;
  let pages: Awaited<ReturnType<typeof servePages>>;

  beforeAll(async () => {
    broker = await startTestServer();
    const script = await bundleForBrowsers(new URL("browser-clients/hidden.ts", import.meta.url));
    pages = await servePages(new Map([["hidden", script]]));
    browser = await startTabbedBrowser();
  }, 60_000);

  afterAll(async () => {
    await browser[Symbol.asyncDispose]();
    await pages[Symbol.asyncDispose]();
    await broker[Symbol.asyncDispose]();
  });

  async function openPage(): Promise<Tab> {
    const tab = await browser.open(`${pages.url}/hidden.html`);
    while (!(await tab.evaluate<boolean>(`"hiddenPage" in globalThis`))) await wait(20);
    return tab;
  }

  it("[MQTT-3.1.2-20] keeps its connections by pinging in time", async () => {
    const page = await openPage();
    for (const seconds of [2, 3, 10, 60]) {
      const call = `hiddenPage.connect("${broker.webSocketUrl}", "hidden-${seconds}", ${seconds})`;
      await page.evaluate(call);
    }
    const other = await openPage();
    await other.bringToFront();
    expect(await page.evaluate(`document.visibilityState`)).toBe("hidden");
    await wait(HIDDEN_MS);
    expect(await page.evaluate(`hiddenPage.ends`)).toEqual([]);
    expect(broker.server.clients.list().items).toHaveLength(4);
    expect(await page.evaluate(`document.visibilityState`)).toBe("hidden");
  });
});
