/** The example with a page, in a browser. */
import { areInstalled } from "@anax/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { startBrowser } from "../../interop/support/chromium.ts";
import { main as browserPage } from "../browser-page.ts";
import { ExampleRun } from "./example-run.ts";

describe.runIf(areInstalled("chromium"))("browser-page", { timeout: 60_000 }, () => {
  it("shows what the server says, and says what the page publishes", async () => {
    const run = new ExampleRun((signal, print) => browserPage(signal, print, 0));
    const [, url = ""] = await run.printed(/^open (\S+)$/);
    const browser = await startBrowser(new Map());
    onTestFinished(() => browser[Symbol.asyncDispose]());
    const page = await browser.visit(url);
    await page.locator("#time", { hasText: /^\d{4}-\d\d-\d\dT/ }).waitFor();
    await page.locator("#text").fill("hello from the page");
    await page.locator("button").click();
    await run.printed(/^a page says: hello from the page$/);
    await page.locator("#said li").waitFor();
    expect(await page.locator("#said").textContent()).toBe("hello from the page");
  });
});
