/** The MQTT client in the page. */
import type { Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";
import type { DashboardTests } from "./opened-dashboard.ts";

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
    await messages.getByText("4 bytes").waitFor();
    await page.getByLabel("History").selectOption({ index: 2 });
    expect(await publish.getByLabel("Topic", { exact: true }).inputValue()).toBe("lamps/1");
    expect(await dashboard.violations()).toEqual([]);
    await dashboard.keepPicture("test-client");
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
};

/** The Client Identifier of the test client in the page. */
async function connectedAs(page: Page): Promise<string> {
  const text = await page.getByText("Connected as page-").innerText();
  return text.replace("Connected as ", "");
}
