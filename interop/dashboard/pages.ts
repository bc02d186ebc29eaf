/** Each page but the test client: opened, used, and looked at by axe. */
import type { MqttClient } from "@anax/client";
import type { Request } from "playwright-core";
import { expect, onTestFinished } from "vitest";
import type { DashboardTests } from "./opened-dashboard.ts";

export const PAGES: DashboardTests = {
  "asks for a token, says that one is wrong, and forgets it at log out": async (dashboard) => {
    const { page } = dashboard;
    await dashboard.logIn("wrong");
    await page.getByText("This token is not known.").waitFor();
    // The browser itself writes that the token was refused.
    expect(dashboard.takeFaults()).toEqual([expect.stringContaining("401")]);
    expect(await dashboard.violations()).toEqual([]);
    await dashboard.keepPicture("log-in", 460);
    await dashboard.logIn("viewer");
    await page.getByText("the-viewer (viewer)").waitFor();
    await page.reload();
    await page.getByText("the-viewer (viewer)").waitFor();
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByLabel("Token").waitFor();
    expect(await page.evaluate(() => sessionStorage.length + document.cookie.length)).toBe(0);
    await dashboard.logIn("operator");
    await page.getByText("the-operator (operator)").waitFor();
  },

  "shows how the server does, and what changes": async (dashboard) => {
    const { page } = dashboard;
    await page.getByRole("region", { name: "Health" }).locator("p").first().waitFor();
    const guest = await dashboard.guestOf("guest");
    const lately = page.getByRole("list", { name: "What changed lately" });
    const changes = lately.locator("strong");
    await changes.getByText("connected", { exact: true }).waitFor();
    await guest.disconnect();
    await changes.getByText("disconnected", { exact: true }).waitFor();
    expect(await page.locator("canvas").count()).toBe(6);
    const times = page.getByRole("list", { name: "From publisher to receiver" });
    expect(await times.getByRole("listitem").count()).toBe(14);
    expect(await dashboard.violations()).toEqual([]);
  },

  "lists clients, finds one, and disconnects it when asked twice": async (dashboard) => {
    const { page } = dashboard;
    const victim = await dashboard.guestOf("victim");
    const gone = new Promise((resolve) => victim.on("disconnected", resolve));
    await dashboard.go("Clients");
    await page.getByRole("link", { name: "greenhouse-7" }).waitFor();
    await page.getByRole("button", { name: "Client ID" }).click();
    await page.getByRole("row").nth(1).getByText("victim").waitFor();
    expect(await dashboard.violations()).toEqual([]);
    await dashboard.keepPicture("clients", 460);
    await page.getByLabel("Client ID contains").fill("vict");
    await page.getByText("Rows: 1", { exact: true }).waitFor();
    await page.getByRole("link", { name: "victim" }).click();
    await page.getByRole("button", { name: "Disconnect" }).click();
    const dialog = page.getByRole("dialog");
    expect(await dashboard.violations({ turns: false })).toEqual([]);
    await dialog.getByRole("button", { name: "Disconnect" }).click();
    await gone;
    await page.getByText("There is no session").waitFor();
    expect(dashboard.faultsBut404()).toEqual([]);
  },

  "lists sessions, subscriptions and retained messages, and deletes one of these": async (
    dashboard,
  ) => {
    const { server, page } = dashboard;
    await dashboard.go("Sessions");
    await page.getByLabel("State").selectOption("Away");
    await page.getByText("Rows: 1", { exact: true }).waitFor();
    // The page of the client that has gone may have asked once more.
    expect(dashboard.faultsBut404()).toEqual([]);
    expect(await dashboard.violations()).toEqual([]);
    await dashboard.keepPicture("sessions", 460);
    await page.getByRole("link", { name: "pump-3" }).click();
    await page.getByRole("cell", { name: "pumps/3" }).waitFor();
    await page.getByRole("button", { name: "Show what waits" }).click();
    await page.getByRole("row", { name: "pumps/3 on 2 B 1" }).waitFor();
    expect(await dashboard.violations()).toEqual([]);
    await dashboard.keepPicture("client-away", 760);
    await dashboard.go("Subscriptions");
    await page.getByRole("cell", { name: "$share/team/jobs" }).waitFor();
    await page.getByLabel("Who gets this topic or filter").fill("pumps/+");
    await page.getByText("Rows: 1", { exact: true }).waitFor();
    await page.getByRole("cell", { name: "pumps/3" }).waitFor();
    await page.getByLabel("Who gets this topic or filter").fill("");
    await page.getByRole("cell", { name: "$share/team/jobs" }).waitFor();
    await dashboard.keepPicture("subscriptions", 460);
    await dashboard.go("Retained messages");
    const row = page.getByRole("row", { name: "greenhouse/7/state" });
    await row.getByText('{"open":true}').waitFor();
    expect(await dashboard.violations()).toEqual([]);
    await dashboard.keepPicture("retained", 460);
    await row.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await row.waitFor({ state: "detached" });
    expect(server.retainedMessages.get("greenhouse/7/state")).toBeUndefined();
  },

  "says which rule decides": async (dashboard) => {
    const { page, device } = dashboard;
    await device.publish("vault/door", "open", { qos: 1 }).catch(() => undefined);
    await dashboard.go("Who may do what");
    const rules = page.getByRole("table", { name: "Rules in force" });
    await rules.getByRole("row", { name: "1 deny publish vault/# rules.yaml:3" }).waitFor();
    await rules.getByRole("row", { name: "2 allow both #" }).waitFor();
    await page.getByLabel("Topic").fill("vault/door");
    await page.getByRole("button", { name: "Explain" }).click();
    await page.getByRole("heading", { name: "Refused" }).waitFor();
    await page.getByRole("definition").getByText("rules.yaml:3").waitFor();
    await dashboard.keepPicture("access", 900);
    expect(await dashboard.violations()).toEqual([]);
    await page.getByLabel("Action").selectOption("subscribe");
    await page.getByRole("button", { name: "Explain" }).click();
    await page.getByRole("heading", { name: "Allowed" }).waitFor();
    await dashboard.go("Overview");
    await page.getByText(/because a client may not do it/).waitFor();
  },

  "keeps out, and lets in again": async (dashboard) => {
    const { page } = dashboard;
    await dashboard.go("Bans");
    await page.getByLabel("Value").fill("intruder");
    await page.getByRole("combobox", { name: "For" }).selectOption("an hour");
    await page.getByLabel("Reason").fill("too loud");
    await page.getByRole("button", { name: "Ban", exact: true }).click();
    const row = page.getByRole("row", { name: /intruder.*too loud/ });
    await row.waitFor();
    await expect(dashboard.guestOf("intruder")).rejects.toThrow(/0x8a/i);
    expect(await dashboard.violations()).toEqual([]);
    await dashboard.keepPicture("bans", 460);
    await row.getByRole("button", { name: "Lift" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Lift" }).click();
    await page.getByText("There are none.").waitFor();
    const back = await dashboard.guestOf("intruder");
    await back.disconnect();
  },

  "shows topics as a tree, with rates, numbers as a line, and an image": async (dashboard) => {
    const { page, device } = dashboard;
    publishUntilFinished(device);
    const display = await dashboard.guestOf("display");
    await display.subscribe("greenhouse/+/temperature", () => undefined, { qos: 1 });
    await dashboard.go("Topics");
    await page.getByRole("button", { name: "Expand greenhouse/7" }).click();
    await page.getByRole("button", { name: "temperature" }).click();
    await page.getByRole("img", { name: /^Trend of the last/ }).waitFor();
    await page.getByRole("button", { name: "Who gets this topic?" }).click();
    await page.getByRole("link", { name: "display" }).waitFor();
    expect(await dashboard.violations()).toEqual([]);
    await dashboard.gatherForPicture();
    await dashboard.keepPicture("topics");
    await page.getByRole("button", { name: "image" }).click();
    await page.getByRole("img", { name: "Payload" }).waitFor();
    await page.getByLabel("View").selectOption("Hex");
    await page.getByText("89 50 4e 47").waitFor();
    await page.getByRole("button", { name: "temperature" }).click();
    await page.getByRole("link", { name: "greenhouse-7" }).click();
    const published = page.getByRole("list", { name: "Published lately" });
    await published.getByText("greenhouse/7/temperature").first().waitFor();
    await page.getByLabel("With payloads").check();
    await page.getByRole("button", { name: "Begin" }).click();
    const trace = page.getByRole("list", { name: "Trace" });
    await trace.getByText("PUBLISH").first().waitFor();
    await device.publish("vault/door", "open").catch(() => undefined);
    await trace.getByText("rules.yaml:3").waitFor();
    expect(await dashboard.violations()).toEqual([]);
    await dashboard.keepPicture("client", 1_300);
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByRole("button", { name: "Begin" }).waitFor();
    await expect.poll(() => [...dashboard.server.traces]).toEqual([]);
    await dashboard.go("Overview");
    await dashboard.gatherForPicture();
    await dashboard.keepPicture("overview", 1_220);
  },

  "draws few of many rows, wherever one scrolls": async (dashboard) => {
    const { server, page } = dashboard;
    const sessions = Array.from({ length: 3_000 }, (_one, index) =>
      server.sessions.create(`d-${String(index).padStart(5, "0")}`),
    );
    await Promise.all(sessions);
    await dashboard.go("Sessions");
    await page.getByText(/^Rows: 3,00\d$/).waitFor();
    const asked: string[] = [];
    const listen = (request: Request): void => void asked.push(request.url());
    page.on("request", listen);
    onTestFinished(() => void page.off("request", listen));
    const table = page.getByRole("region", { name: "Sessions" });
    await table.evaluate((element) => (element.scrollTop = element.scrollHeight));
    await page.getByRole("link", { name: "pump-3" }).waitFor();
    expect(await page.getByRole("row").count()).toBeLessThan(60);
    // The end is fetched, and nothing of what is before it.
    const offsets = asked.map((url) => new URL(url).searchParams.get("offset"));
    expect(offsets).toEqual(["2800", "3000"]);
    await page.getByRole("button", { name: "Client ID" }).click();
    await page.getByRole("row").nth(1).getByRole("link", { name: "pump-3" }).waitFor();
    expect(await table.evaluate((element) => element.scrollTop)).toBe(0);
    await page.getByLabel("Client ID contains").fill("d-0299");
    await page.getByText("Rows: 10").waitFor();
    await page.getByRole("row").nth(1).getByRole("link", { name: "d-02999" }).waitFor();
  },
};

/** Publishes until the test is finished. */
function publishUntilFinished(device: MqttClient): void {
  const from = Date.now();
  const timer = setInterval(() => {
    const value = 21 + Math.sin((Date.now() - from) / 5_000);
    void device.publish("greenhouse/7/temperature", value.toFixed(2));
    void device.publish("greenhouse/7/state", JSON.stringify({ open: value > 21, value }));
  }, 50);
  onTestFinished(() => clearInterval(timer));
}
