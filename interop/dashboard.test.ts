/** Is the page of the admin API whole, usable and kind to all readers, in a real browser? */
import { connect } from "@anax/client";
import type { MqttClient } from "@anax/client";
import { createAdmin, listenAdmin } from "@anax/admin";
import type { Role } from "@anax/admin";
import { MqttServer } from "@anax/server";
import { areInstalled } from "@anax/testing";
import type { Page, Request } from "playwright-core";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { buildDashboard } from "../tools/build-dashboard.mjs";
import { startBrowser } from "./support/chromium.ts";

/** As text: only the page runs it. */
const AXE = readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");
/** Set, each page is kept as a picture in the guide. */
const KEEPS_PICTURES = process.env["ANAX_DASHBOARD_PICTURES"] !== undefined;
const PICTURES = fileURLToPath(new URL("../docs/guide/dashboard/", import.meta.url));

describe.runIf(areInstalled("chromium"))("the dashboard in Chromium", { timeout: 120_000 }, () => {
  let server: MqttServer;
  let page: Page;
  let device: MqttClient;
  let mqttUrl = "";
  const faults: string[] = [];
  /** What has been started, to be ended in the reverse order. */
  const ends: (() => PromiseLike<unknown>)[] = [];

  beforeAll(async () => {
    server = new MqttServer({
      listeners: [
        { type: "tcp", host: "127.0.0.1", port: 0 },
        { type: "websocket", host: "127.0.0.1", port: 0 },
      ],
      systemTopics: false,
      accessRules: {
        rules: [
          { deny: "publish", topics: "vault/#", source: "rules.yaml:3" },
          { allow: "both", topics: "#" },
        ],
      },
    });
    ends.push(() => server.stop());
    await Promise.all([buildDashboard(), server.start()]);
    mqttUrl = server.address().url;
    const admin = createAdmin(server, {
      holderOf: (token) =>
        token === "viewer" || token === "operator"
          ? { name: `the-${token}`, role: token satisfies Role }
          : undefined,
    });
    const listener = await listenAdmin(admin, { port: 0 });
    ends.push(() => listener.close());
    device = await connect(mqttUrl, { clientId: "greenhouse-7", userName: "ann" });
    ends.push(() => device.disconnect());
    await device.subscribe(["greenhouse/7/set/#", "$share/team/jobs"], () => undefined, { qos: 1 });
    const away = await connect(mqttUrl, {
      clientId: "pump-3",
      cleanStart: true,
      sessionExpiryIntervalSeconds: 600,
    });
    await away.subscribe("pumps/3", () => undefined, { qos: 1 });
    await away.disconnect();
    await device.publish("pumps/3", "on", { qos: 1 });
    await device.publish("greenhouse/7/state", '{"open":true}', { retain: true, qos: 1 });
    await device.publish("greenhouse/7/image", PIXEL, { retain: true, qos: 1 });
    const browser = await startBrowser(new Map());
    ends.push(() => browser[Symbol.asyncDispose]());
    page = await browser.visit(listener.url);
    page.setDefaultTimeout(10_000);
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") faults.push(message.text());
    });
  }, 60_000);

  afterAll(async () => {
    for (const end of ends.toReversed()) await end();
  });

  afterEach(() => expect(faults.splice(0)).toEqual([]));

  /** A client that is gone after the test, whatever becomes of it. */
  async function guestOf(clientId: string): Promise<MqttClient> {
    const guest = await connect(mqttUrl, { clientId, reconnect: false });
    onTestFinished(() => guest.destroy());
    return guest;
  }

  /** Takes what was written so far: the browser itself writes of each answer 404. */
  function faultsBut404(): string[] {
    return faults.splice(0).filter((fault) => !fault.includes("404"));
  }

  async function logIn(token: string): Promise<void> {
    await page.getByLabel("Token").fill(token);
    await page.getByRole("button", { name: "Log in" }).click();
  }

  async function go(link: string): Promise<void> {
    await page.getByRole("navigation").getByRole("link", { name: link }).click();
    await page.getByRole("heading", { name: link, level: 1 }).waitFor();
  }

  /** What axe finds in the page as it is; the next page is looked at in the other colours. */
  async function violations({ turns = true } = {}): Promise<string[]> {
    if (await page.evaluate(() => !("axe" in globalThis))) await page.evaluate(AXE);
    const results = await page.evaluate(() =>
      (globalThis as never as Axed).axe.run({ resultTypes: ["violations"] }),
    );
    if (turns) await page.getByRole("button", { name: /colours$/ }).click();
    return results.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  }

  async function keepPicture(name: string): Promise<void> {
    if (KEEPS_PICTURES) await page.screenshot({ path: `${PICTURES}${name}.png` });
  }

  it("asks for a token, says that one is wrong, and forgets it at log out", async () => {
    await logIn("wrong");
    await page.getByText("This token is not known.").waitFor();
    // The browser itself writes that the token was refused.
    expect(faults.splice(0)).toEqual([expect.stringContaining("401")]);
    expect(await violations()).toEqual([]);
    await logIn("viewer");
    await page.getByText("the-viewer (viewer)").waitFor();
    await page.reload();
    await page.getByText("the-viewer (viewer)").waitFor();
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByLabel("Token").waitFor();
    expect(await page.evaluate(() => sessionStorage.length + document.cookie.length)).toBe(0);
    await logIn("operator");
    await page.getByText("the-operator (operator)").waitFor();
  });

  it("shows how the server does, and what changes", async () => {
    await page.getByRole("region", { name: "Health" }).locator("p").first().waitFor();
    const guest = await guestOf("guest");
    const lately = page.getByRole("list", { name: "What changed lately" });
    const changes = lately.locator("strong");
    await changes.getByText("connected", { exact: true }).waitFor();
    await guest.disconnect();
    await changes.getByText("disconnected", { exact: true }).waitFor();
    expect(await page.locator("canvas").count()).toBe(6);
    const times = page.getByRole("list", { name: "From publisher to receiver" });
    expect(await times.getByRole("listitem").count()).toBe(14);
    expect(await violations()).toEqual([]);
  });

  it("lists clients, finds one, and disconnects it when asked twice", async () => {
    const victim = await guestOf("victim");
    const gone = new Promise((resolve) => victim.on("disconnected", resolve));
    await go("Clients");
    await page.getByRole("link", { name: "greenhouse-7" }).waitFor();
    await page.getByRole("button", { name: "Client ID" }).click();
    await page.getByRole("row").nth(1).getByText("victim").waitFor();
    expect(await violations()).toEqual([]);
    await page.getByLabel("Client ID contains").fill("vict");
    await page.getByText("1 rows").waitFor();
    await page.getByRole("link", { name: "victim" }).click();
    await page.getByRole("button", { name: "Disconnect" }).click();
    const dialog = page.getByRole("dialog");
    expect(await violations({ turns: false })).toEqual([]);
    await dialog.getByRole("button", { name: "Disconnect" }).click();
    await gone;
    await page.getByText("There is no session").waitFor();
    expect(faultsBut404()).toEqual([]);
  });

  it("lists sessions, subscriptions and retained messages, and deletes one of these", async () => {
    await go("Sessions");
    await page.getByLabel("State").selectOption("Away");
    await page.getByText("1 rows").waitFor();
    // The page of the client that has gone may have asked once more.
    expect(faultsBut404()).toEqual([]);
    expect(await violations()).toEqual([]);
    await page.getByRole("link", { name: "pump-3" }).click();
    await page.getByRole("cell", { name: "pumps/3" }).waitFor();
    await page.getByRole("button", { name: "Show what waits" }).click();
    await page.getByRole("row", { name: "pumps/3 on 2 B 1" }).waitFor();
    expect(await violations()).toEqual([]);
    await keepPicture("client");
    await go("Subscriptions");
    await page.getByRole("cell", { name: "$share/team/jobs" }).waitFor();
    await go("Retained messages");
    const row = page.getByRole("row", { name: "greenhouse/7/state" });
    await row.getByText('{"open":true}').waitFor();
    expect(await violations()).toEqual([]);
    await row.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await row.waitFor({ state: "detached" });
    expect(server.retainedMessages.get("greenhouse/7/state")).toBeUndefined();
  });

  it("says which rule decides", async () => {
    await device.publish("vault/door", "open", { qos: 1 }).catch(() => undefined);
    await go("Who may do what");
    const rules = page.getByRole("table", { name: "Rules in force" });
    await rules.getByRole("row", { name: "1 deny publish vault/# rules.yaml:3" }).waitFor();
    await rules.getByRole("row", { name: "2 allow both #" }).waitFor();
    await page.getByLabel("Topic").fill("vault/door");
    await page.getByRole("button", { name: "Explain" }).click();
    await page.getByRole("heading", { name: "Refused" }).waitFor();
    await page.getByRole("definition").getByText("rules.yaml:3").waitFor();
    await keepPicture("access");
    expect(await violations()).toEqual([]);
    await page.getByLabel("Action").selectOption("subscribe");
    await page.getByRole("button", { name: "Explain" }).click();
    await page.getByRole("heading", { name: "Allowed" }).waitFor();
    await go("Overview");
    await page.getByText(/things that clients may not do/).waitFor();
  });

  it("keeps out, and lets in again", async () => {
    await go("Bans");
    await page.getByLabel("Value").fill("intruder");
    await page.getByRole("combobox", { name: "For" }).selectOption("an hour");
    await page.getByLabel("Reason").fill("too loud");
    await page.getByRole("button", { name: "Ban", exact: true }).click();
    const row = page.getByRole("row", { name: /intruder.*too loud/ });
    await row.waitFor();
    await expect(guestOf("intruder")).rejects.toThrow(/0x8a/i);
    expect(await violations()).toEqual([]);
    await row.getByRole("button", { name: "Lift" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Lift" }).click();
    await page.getByText("There are none.").waitFor();
    const back = await guestOf("intruder");
    await back.disconnect();
  });

  it("shows topics as a tree, with rates, numbers as a line, and an image", async () => {
    publishUntilFinished(device);
    await go("Topics");
    await page.getByRole("button", { name: "Expand greenhouse/7" }).click();
    await page.getByRole("button", { name: "temperature" }).click();
    await page.getByRole("img", { name: /^Trend of the last/ }).waitFor();
    await page.getByRole("button", { name: "Who gets this topic?" }).click();
    await page.getByText("There are none.").waitFor();
    expect(await violations()).toEqual([]);
    if (KEEPS_PICTURES) await new Promise((resolve) => setTimeout(resolve, 20_000));
    await keepPicture("topics");
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
    expect(await violations()).toEqual([]);
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByRole("button", { name: "Begin" }).waitFor();
    await expect.poll(() => [...server.traces]).toEqual([]);
    if (KEEPS_PICTURES) {
      await go("Overview");
      await new Promise((resolve) => setTimeout(resolve, 20_000));
      await keepPicture("overview");
    }
  });

  it("is an MQTT client: subscribes in colours, publishes, asks and is answered", async () => {
    await device.subscribe(
      "lamps/1/get",
      ({ responseTopic = "", correlationData }) =>
        void device.publish(responseTopic, "21 W", { correlationData }),
    );
    await go("Test client");
    // The page before was read down to its end.
    const content = page.locator("#content");
    expect(await content.evaluate((main) => main.scrollTop + scrollY)).toBe(0);
    await page.getByLabel("User", { exact: true }).fill("ann");
    await page.getByText("More options").click();
    const will = page.getByRole("group", { name: "Will" });
    await will.getByLabel("Topic", { exact: true }).fill("pages/gone");
    await will.getByLabel("Content Type").fill("text/plain");
    await will.getByLabel("User Properties").fill("why=closed\nwho=page");
    expect(await violations()).toEqual([]);
    await page.getByRole("button", { name: "Connect", exact: true }).click();
    await page.getByText("Connected as page-").waitFor();
    let seen: (message: unknown) => void = () => undefined;
    const gone = new Promise<unknown>((resolve) => (seen = resolve));
    const registration = server.on("interceptingPublish", ({ topic, applicationMessage }) => {
      if (topic === "pages/gone") seen(applicationMessage);
    });
    onTestFinished(() => registration.dispose());
    await page.getByLabel("Topic Filter").fill("greenhouse/#");
    await page.getByRole("button", { name: "Subscribe", exact: true }).click();
    await page.getByRole("button", { name: "Unsubscribe greenhouse/#" }).waitFor();
    await page.getByLabel("Topic Filter").fill("lamps/+");
    await page.getByRole("button", { name: "Subscribe", exact: true }).click();
    await page.getByRole("button", { name: "Unsubscribe lamps/+" }).waitFor();
    const publish = page.getByRole("region", { name: "Publish" });
    await publish.getByLabel("Topic", { exact: true }).fill("lamps/1");
    await publish.getByRole("combobox", { name: "Format" }).selectOption("JSON");
    await publish.getByRole("textbox", { name: "Payload" }).fill('{ "on": true }');
    await publish.getByLabel("QoS").selectOption("1");
    await publish.getByRole("button", { name: "Publish" }).click();
    await page.getByText("Published, 0x00").waitFor();
    const messages = page.getByRole("list", { name: "Messages" });
    await messages.getByText('{"on":true}').nth(1).waitFor();
    await publish.getByLabel("Topic", { exact: true }).fill("lamps/1/get");
    await publish.getByRole("button", { name: "Send as request" }).click();
    await messages.getByText("21 W").click();
    await messages.getByText("4 bytes").waitFor();
    await page.getByLabel("History").selectOption({ index: 2 });
    expect(await publish.getByLabel("Topic", { exact: true }).inputValue()).toBe("lamps/1");
    expect(await violations()).toEqual([]);
    await keepPicture("test-client");
    await server.clients.disconnect(await connectedAs(page));
    expect(await gone).toMatchObject({
      contentType: "text/plain",
      userProperties: [
        ["why", "closed"],
        ["who", "page"],
      ],
    });
    await page.getByText("Connected as page-").waitFor();
    await page.getByRole("button", { name: "Disconnect" }).click();
    await page.getByText("Not connected").waitFor();
  });

  it("draws few of many rows, wherever one scrolls", async () => {
    const sessions = Array.from({ length: 3_000 }, (_one, index) =>
      server.sessions.create(`d-${String(index).padStart(5, "0")}`),
    );
    await Promise.all(sessions);
    await go("Sessions");
    await page.getByText(/^3,00\d rows$/).waitFor();
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
    await page.getByText("10 rows").waitFor();
    await page.getByRole("row").nth(1).getByRole("link", { name: "d-02999" }).waitFor();
  });

  it("fits a phone, is used without a mouse, and speaks Chinese", async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    for (const link of ["Sessions", "Topics", "Test client", "Overview"]) {
      await go(link);
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(overflow, link).toBeLessThanOrEqual(0);
    }
    await keepPicture("phone");
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
  });
});

/** The Client Identifier of the test client in the page. */
async function connectedAs(page: Page): Promise<string> {
  const text = await page.getByText("Connected as page-").innerText();
  return text.replace("Connected as ", "");
}

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

interface Axed {
  readonly axe: {
    run(options: object): Promise<{
      readonly violations: readonly {
        readonly id: string;
        readonly nodes: readonly { readonly html: string }[];
      }[];
    }>;
  };
}

/** A picture of one pixel. */
const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
