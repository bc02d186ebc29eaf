/** A server with things to look at, and its page in a browser. */
import { connect } from "@anax/client";
import type { MqttClient } from "@anax/client";
import { createAdmin, listenAdmin } from "@anax/admin";
import type { Role } from "@anax/admin";
import { MqttServer, scramVerifier } from "@anax/server";
import type { Page } from "playwright-core";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import type { Browser } from "../support/chromium.ts";

/** As text: only the page runs it. */
const AXE = readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");
/** Set, each page is kept as a picture in the guide. */
const KEEPS_PICTURES = process.env["ANAX_DASHBOARD_PICTURES"] !== undefined;
const PICTURES = fileURLToPath(new URL("../../docs/guide/dashboard/", import.meta.url));

/** Of the test client, which may prove its password without sending it. */
export const PASSWORD = "lighthouse";

/** Tests by their names, one after the other on the same page. */
export type DashboardTests = Readonly<
  Record<string, (dashboard: OpenedDashboard) => Promise<void>>
>;

/** The page of one server, and what is done with it. */
export class OpenedDashboard implements AsyncDisposable {
  readonly server: MqttServer;
  readonly page: Page;
  /** A client that stays. */
  readonly device: MqttClient;
  readonly #faults: string[] = [];
  readonly #ends: readonly (() => PromiseLike<unknown>)[];

  private constructor(
    server: MqttServer,
    page: Page,
    device: MqttClient,
    ends: readonly (() => PromiseLike<unknown>)[],
  ) {
    this.server = server;
    this.page = page;
    this.device = device;
    this.#ends = ends;
    page.setDefaultTimeout(25_000);
    page.on("pageerror", (error) => this.#faults.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") this.#faults.push(message.text());
    });
  }

  static async open(browser: Browser): Promise<OpenedDashboard> {
    const verifier = await scramVerifier(PASSWORD);
    const server = new MqttServer({
      listeners: [
        { type: "tcp", host: "127.0.0.1", port: 0 },
        { type: "websocket", host: "127.0.0.1", port: 0 },
      ],
      systemTopics: false,
      authenticate: { authenticate: () => true, scramVerifierOf: () => verifier },
      accessRules: {
        rules: [
          { deny: "publish", topics: "vault/#", source: "rules.yaml:3" },
          { allow: "both", topics: "#" },
        ],
      },
    });
    const ends: (() => PromiseLike<unknown>)[] = [() => server.stop()];
    await server.start();
    const mqttUrl = server.address().url;
    const admin = createAdmin(server, {
      holderOf: (token) =>
        token === "viewer" || token === "operator"
          ? { name: `the-${token}`, role: token satisfies Role }
          : undefined,
    });
    const listener = await listenAdmin(admin, { port: 0 });
    ends.push(() => listener.close());
    const device = await connect(mqttUrl, { clientId: "greenhouse-7", userName: "ann" });
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
    return new OpenedDashboard(server, await browser.visit(listener.url), device, ends);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#ends.toReversed()) await end();
  }

  /** What the page and the browser have complained of since the last call. */
  takeFaults(): string[] {
    return this.#faults.splice(0);
  }

  /** The same without what the browser itself writes of each answer 404. */
  faultsBut404(): string[] {
    return this.takeFaults().filter((fault) => !fault.includes("404"));
  }

  /** A client that is gone after the test, whatever becomes of it. */
  async guestOf(clientId: string): Promise<MqttClient> {
    const guest = await connect(this.server.address().url, { clientId, reconnect: false });
    onTestFinished(() => guest.destroy());
    return guest;
  }

  async logIn(token: string): Promise<void> {
    await this.page.getByLabel("Token").fill(token);
    await this.page.getByRole("button", { name: "Log in" }).click();
  }

  async go(link: string): Promise<void> {
    await this.page.getByRole("navigation").getByRole("link", { name: link }).click();
    await this.page.getByRole("heading", { name: link, level: 1 }).waitFor();
  }

  /** What axe finds in the page as it is; the next page is looked at in the other colours. */
  async violations({ turns = true } = {}): Promise<string[]> {
    const { page } = this;
    if (await page.evaluate(() => !("axe" in globalThis))) await page.evaluate(AXE);
    const results = await page.evaluate(() =>
      (globalThis as never as Axed).axe.run({ resultTypes: ["violations"] }),
    );
    if (turns) await page.getByRole("button", { name: /colours$/ }).click();
    return results.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  }

  /** @param height of a window that shows all there is to see; by default as high as it is */
  async keepPicture(name: string, height?: number): Promise<void> {
    if (!KEEPS_PICTURES) return;
    const size = this.page.viewportSize();
    if (size !== null && height !== undefined) await this.page.setViewportSize({ ...size, height });
    await this.page.locator("#content").evaluate((main) => main.scrollTo(0, 0));
    await this.page.evaluate(() => scrollTo(0, 0));
    await this.page.screenshot({ path: `${PICTURES}${name}.png` });
    if (size !== null) await this.page.setViewportSize(size);
  }

  /** Lets figures gather that a picture shows. */
  async gatherForPicture(): Promise<void> {
    if (KEEPS_PICTURES) await new Promise((resolve) => setTimeout(resolve, 20_000));
  }
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
