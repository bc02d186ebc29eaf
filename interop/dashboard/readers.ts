/** Readers with a phone, without a mouse, and of Chinese. */
import { expect } from "vitest";
import type { DashboardTests } from "./opened-dashboard.ts";

export const READERS: DashboardTests = {
  "fits a phone, is used without a mouse, and speaks Chinese": async (dashboard) => {
    const { page } = dashboard;
    await page.setViewportSize({ width: 360, height: 740 });
    for (const link of ["Sessions", "Topics", "Test client", "Overview"]) {
      await dashboard.go(link);
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect({ link, isTooWide: overflow > 0 }).toEqual({ link, isTooWide: false });
    }
    await dashboard.keepPicture("phone");
    await page.reload();
    await page.getByRole("navigation").waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("content");
    await page.getByRole("button", { name: "中文" }).click();
    await page.getByRole("heading", { name: "概览" }).waitFor();
    expect(await page.locator("html").getAttribute("lang")).toBe("zh-CN");
    await page.getByRole("button", { name: "退出" }).click();
    await page.getByLabel("令牌").waitFor();
    // What was published in the test client is forgotten, too.
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
  },
};
