/** Is the page of the admin API whole, usable and kind to all readers, in a real browser? One browser for all that asks so. */
import { areInstalled } from "@anax/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { buildDashboard } from "../../tools/build-dashboard.mjs";
import { startBrowser } from "../support/chromium.ts";
import type { Browser } from "../support/chromium.ts";
import { OpenedDashboard } from "./opened-dashboard.ts";
import { PAGES } from "./pages.ts";
import { READERS } from "./readers.ts";
import { runTenMinutes } from "./ten-minutes.ts";
import { TEST_CLIENT_OPTIONS } from "./test-client-options.ts";
import { TEST_CLIENT } from "./test-client.ts";

describe.runIf(areInstalled("chromium"))("the dashboard in Chromium", { timeout: 60_000 }, () => {
  let browser: Browser | undefined;
  beforeAll(async () => {
    [browser] = await Promise.all([startBrowser(new Map()), buildDashboard()]);
  }, 60_000);
  afterAll(() => browser?.[Symbol.asyncDispose]());
  const started = (): Browser => {
    if (browser === undefined) throw new Error("the browser has not started");
    return browser;
  };

  describe("of a server with clients", () => {
    let dashboard: OpenedDashboard | undefined;
    const opened = (): OpenedDashboard => {
      if (dashboard === undefined) throw new Error("the dashboard is not open");
      return dashboard;
    };
    beforeAll(async () => {
      dashboard = await OpenedDashboard.open(started());
    }, 60_000);
    afterAll(() => dashboard?.[Symbol.asyncDispose]());
    afterEach(() => expect(opened().takeFaults()).toEqual([]));

    const tests = { ...PAGES, ...TEST_CLIENT, ...TEST_CLIENT_OPTIONS, ...READERS };
    for (const [name, run] of Object.entries(tests)) it(name, () => run(opened()), 60_000);
  });

  it("leads through the guide of ten minutes", () => runTenMinutes(started()), 60_000);
});
