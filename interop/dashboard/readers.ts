/** Readers with a phone, without a mouse, and of Chinese. */
import type { Page } from "playwright-core";
import { expect } from "vitest";
import type { DashboardTests } from "./opened-dashboard.ts";

/** All pages, by their place in the address. */
const PLACES = [
  "clients",
  "sessions",
  "subscriptions",
  "retained",
  "topics",
  "access",
  "bans",
  "test",
  "client/greenhouse-7",
  "overview",
];
/** Names of the specification, of formats and of units, which are the same in Chinese. */
const NAMES =
  /^(Anax|MQTT|QoS|JSON|Base64|SCRAM-SHA-256|No Local|Retain As Published|Retain Handling|Clean Start|DUP|wss?:.*|.* (ms|[kM]?B))$/;

export const READERS: DashboardTests = {
  "fits a phone": async (dashboard) => {
    const { page } = dashboard;
    const size = page.viewportSize();
    await page.setViewportSize({ width: 360, height: 740 });
    for (const place of PLACES) {
      await page.evaluate((hash) => (location.hash = hash), `/${place}`);
      await page.getByRole("heading", { level: 1 }).waitFor();
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect({ place, isTooWide: overflow > 0 }).toEqual({ place, isTooWide: false });
    }
    expect(await dashboard.violations()).toEqual([]);
    await dashboard.keepPicture("phone");
    if (size !== null) await page.setViewportSize(size);
  },

  "is used without a mouse": async (dashboard) => {
    const { page } = dashboard;
    const press = async (...keys: readonly string[]): Promise<void> => {
      for (const key of keys) await page.keyboard.press(key);
    };
    const focused = (): Promise<string> =>
      page.evaluate(() => document.activeElement?.textContent ?? "");
    await page.reload();
    await page.getByRole("navigation").waitFor();
    await press("Tab", "Enter");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("content");
    await page.reload();
    await page.getByRole("navigation").waitFor();
    await press("Tab", "Tab", "Tab");
    expect(await focused()).toBe("Clients");
    await press("Enter");
    await page.getByRole("link", { name: "greenhouse-7" }).waitFor();
    // Two filters, Reload, the table, and the first heading of it.
    await press("Tab", "Tab", "Tab", "Tab", "Tab");
    expect(await focused()).toContain("Client ID");
    await press("Enter");
    await page.locator("th[aria-sort=descending]").waitFor();
    await page.getByRole("link", { name: "greenhouse-7" }).focus();
    await press("Enter");
    await page.getByRole("heading", { name: "Connection" }).waitFor();
    await press("Tab");
    expect(await focused()).toBe("Disconnect");
    await press("Enter");
    await page.getByRole("dialog").waitFor();
    await press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    expect(await focused()).toBe("Disconnect");
  },

  "speaks Chinese on each page, and forgets all at log out": async (dashboard) => {
    const { page } = dashboard;
    const inEnglish = await textsOfPages(page);
    await page.getByRole("button", { name: "中文" }).click();
    expect(await page.locator("html").getAttribute("lang")).toBe("zh-CN");
    const inChinese = await textsOfPages(page);
    expect(inChinese.size).toBeGreaterThan(80);
    const isLeft = (text: string): boolean => inEnglish.has(text) && !NAMES.test(text);
    expect([...inChinese].filter(isLeft)).toEqual([]);
    await dashboard.keepPicture("chinese", 1_100);
    await page.getByRole("button", { name: "退出" }).click();
    await page.getByLabel("令牌").waitFor();
    // What was published in the test client is forgotten, too.
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
  },
};

async function textsOfPages(page: Page): Promise<Set<string>> {
  const texts = new Set<string>();
  for (const place of PLACES) {
    await page.evaluate((hash) => (location.hash = hash), `/${place}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    for (const details of await page.locator("summary").all()) await details.click();
    for (const text of await page.evaluate(textsOfPage)) texts.add(text);
  }
  return texts;
}

/** All words that are seen or read out, but what is data of the server. Runs in the page. */
function textsOfPage(): string[] {
  const texts: string[] = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode() !== null) {
    const node = walker.currentNode;
    const isData =
      node.parentElement?.closest("td, code, dd, time, noscript, a[href*=client\\/]") !== null;
    if (!isData) texts.push(node.nodeValue?.trim() ?? "");
  }
  for (const element of document.querySelectorAll("[aria-label], [title]"))
    texts.push(element.getAttribute("aria-label") ?? "", element.getAttribute("title") ?? "");
  return texts.filter((text) => /\p{L}/u.test(text));
}
