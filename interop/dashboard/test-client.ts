/** The MQTT client in the page. */
import type { Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";
import { PASSWORD } from "./opened-dashboard.ts";
import type { DashboardTests } from "./opened-dashboard.ts";
import { fill } from "./test-client-options.ts";

export const TEST_CLIENT: DashboardTests = {
  "is an MQTT client: subscribes in colours, publishes, asks and is answered": async (
    dashboard,
  ) => {
    const { server, page, device } = dashboard;
    await device.subscribe(
      "lamps/1/get",
      ({ responseTopic = "", correlationData }) =>
        void device.publish(responseTopic, "21 W", { correlationData }),
    );
    await dashboard.go("Test client");
    // The page before was read down to its end.
    const content = page.locator("#content");
    expect(await content.evaluate((main) => main.scrollTop + scrollY)).toBe(0);
    await page.getByLabel("User", { exact: true }).fill("ann");
    await page.getByText("More options").click();
    const will = page.getByRole("group", { name: "Will" });
    await will.getByLabel("Topic", { exact: true }).fill("pages/gone");
    await will.getByLabel("Content Type").fill("text/plain");
    await will.getByLabel("User Properties").fill("why=closed\nwho=page");
    expect(await dashboard.violations()).toEqual([]);
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
    await messages.getByText("Bytes: 4").waitFor();
    await page.getByLabel("History").selectOption({ index: 2 });
    expect(await publish.getByLabel("Topic", { exact: true }).inputValue()).toBe("lamps/1");
    expect(await dashboard.violations()).toEqual([]);
    await dashboard.keepPicture("test-client", 1_000);
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
  },

  "proves who it is, by SCRAM and by a method of any name, and again": async (dashboard) => {
    const { server, page } = dashboard;
    await dashboard.go("Test client");
    await page.getByText("More options").click();
    await fill(page, { User: "ann", Password: PASSWORD });
    const method = page.getByLabel("Authentication Method");
    await method.selectOption("SCRAM-SHA-256");
    await page.getByRole("button", { name: "Connect", exact: true }).click();
    await page.getByText("Connected as page-").waitFor();
    await page.getByText("Packets", { exact: true }).click();
    const packets = page.getByRole("list", { name: "Packets" });
    await packets
      .getByText(/authenticationMethod=SCRAM-SHA-256/)
      .first()
      .waitFor();
    expect(await packets.innerText()).not.toMatch(/password|lighthouse/);
    await page.getByRole("button", { name: "Authenticate again" }).click();
    await packets
      .getByText(/reasonCode=25/)
      .first()
      .waitFor();
    await page.getByRole("button", { name: "Disconnect", exact: true }).click();

    const answers: string[] = [];
    const registration = server.on("validatingConnection", async (event) => {
      if (event.authenticationMethod !== "riddles") return;
      event.authenticationMethodAccepted = true;
      answers.push(Buffer.from(event.authenticationData ?? []).toString("hex"));
      const { properties } = await event.exchangeEnhancedAuthentication({
        authenticationData: Buffer.from("what walks?"),
      });
      answers.push(Buffer.from(properties?.authenticationData ?? []).toString("hex"));
    });
    onTestFinished(() => registration.dispose());
    await page.getByText("More options").click();
    await method.selectOption("Another method");
    await page.getByLabel("Name of the method").fill("riddles");
    const data = page.getByLabel("Authentication Data, a line for each step", { exact: true });
    await data.fill("01\n02ff");
    await page.getByLabel("Authentication Data, a line for each step: Format").selectOption("Hex");
    expect(await dashboard.violations()).toEqual([]);
    await page.getByRole("button", { name: "Connect", exact: true }).click();
    await page.getByText("Connected as page-").waitFor();
    expect(answers).toEqual(["01", "02ff"]);
    await packets.getByText("what walks?").waitFor();
    await page.getByRole("button", { name: "Disconnect", exact: true }).click();
    await page.getByText("More options").click();
    await data.fill("01");
    await page.getByRole("button", { name: "Connect", exact: true }).click();
    await page.getByText("a step more than the 1 that were entered").waitFor();
    await page.reload();
  },
};

/** The Client Identifier of the test client in the page. */
async function connectedAs(page: Page): Promise<string> {
  const text = await page.getByText("Connected as page-").innerText();
  return text.replace("Connected as ", "");
}
