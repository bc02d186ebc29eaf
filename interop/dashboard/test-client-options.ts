/** The MQTT client in the page: every option that a client of MQTT 5.0 has, entered and seen. */
import type { Packet } from "@anax/protocol";
import type { Locator, Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";
import type { DashboardTests, OpenedDashboard } from "./opened-dashboard.ts";

export const TEST_CLIENT_OPTIONS: DashboardTests = {
  "enters every option of CONNECT, SUBSCRIBE, PUBLISH and DISCONNECT, and shows all that packets say":
    async (dashboard) => {
      const { page } = dashboard;
      const sent = packetsOf(dashboard, "all-options");
      await dashboard.go("Test client");
      await connectWithAll(page);
      await subscribeWithAll(page);
      await publishWithAll(page);
      const received = page.getByRole("list", { name: "Messages" }).locator("li.received").first();
      await received.getByText("hi", { exact: true }).click();
      const facts = await received.getByRole("definition").allInnerTexts();
      expect(facts).toEqual([
        "2",
        "Retain",
        "text/plain",
        "Text",
        "90",
        "answers/1",
        "0x00ff",
        "12",
        "a=1, b=2=3",
      ]);
      await page.getByText("Packets", { exact: true }).click();
      const packets = page.getByRole("list", { name: "Packets" });
      await packets
        .getByText(/returnCode=0|reasonCode=0.*assigned|sessionPresent=/)
        .first()
        .waitFor();
      expect(await dashboard.violations()).toEqual([]);
      const publish = page.getByRole("region", { name: "Publish" });
      await dashboard.keepPicture("test-client-options", 1_900);
      await received.getByRole("button", { name: "Answer this request" }).click();
      expect(await publish.getByLabel("Topic", { exact: true }).inputValue()).toBe("answers/1");
      expect(await publish.getByLabel("Correlation Data", { exact: true }).inputValue()).toBe(
        "00ff",
      );
      await disconnectWithAll(page);
      await expect.poll(() => sent.map(({ type }) => type)).toContain("disconnect");
      expect(sent.find(({ type }) => type === "connect")).toMatchObject(CONNECT);
      expect(sent.find(({ type }) => type === "subscribe")).toMatchObject(SUBSCRIBE);
      expect(sent.find(({ type }) => type === "publish")).toMatchObject(PUBLISH);
      expect(sent.find(({ type }) => type === "disconnect")).toMatchObject(DISCONNECT);
      await page.reload();
    },
};

async function connectWithAll(page: Page): Promise<void> {
  await page.getByText("More options").click();
  await fill(page, CONNECT_FIELDS);
  await page.getByLabel("Clean Start").uncheck();
  await page.getByLabel("Request response information").check();
  await page.getByLabel("Request problem information").uncheck();
  const will = page.getByRole("group", { name: "Will" });
  await fill(will, {
    ...MESSAGE_FIELDS,
    Topic: "wills/all",
    Payload: "ff00",
    "Will delay, s": "7",
  });
  await will.getByLabel("Payload: Format").selectOption("Hex");
  await will.getByLabel("Payload is text").check();
  await will.getByLabel("QoS").selectOption("2");
  await will.getByLabel("Retain", { exact: true }).check();
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  await page.getByText("Connected as all-options").waitFor();
}

async function subscribeWithAll(page: Page): Promise<void> {
  const subscribe = page.getByRole("region", { name: "Subscriptions" });
  await subscribe.getByText("More options").click();
  await fill(subscribe, {
    "Topic Filter": "all/#",
    "Subscription Identifier": "12",
    "User Properties": "s=1",
  });
  await subscribe.getByLabel("QoS").selectOption("2");
  await subscribe.getByLabel("Retain As Published").check();
  await subscribe.getByLabel("Retain Handling").selectOption("1");
  await subscribe.getByRole("button", { name: "Subscribe", exact: true }).click();
  await subscribe.getByRole("button", { name: "Unsubscribe all/#" }).waitFor();
}

async function publishWithAll(page: Page): Promise<void> {
  const publish = page.getByRole("region", { name: "Publish" });
  await publish.getByText("More options").click();
  await fill(publish, {
    ...MESSAGE_FIELDS,
    Topic: "all/1",
    Payload: "aGk=",
    "Topic Alias": "3",
  });
  await publish.getByLabel("Payload: Format").selectOption("Base64");
  await publish.getByLabel("Payload is text").check();
  await publish.getByLabel("Retain", { exact: true }).check();
  await publish.getByLabel("QoS").selectOption("2");
  await publish.getByRole("button", { name: "Publish" }).click();
}

async function disconnectWithAll(page: Page): Promise<void> {
  await page.getByText("Disconnect with options").click();
  await fill(page, {
    "Session expiry, s": "0",
    "Reason String": "enough",
    "User Properties": "d=1",
  });
  await page.getByLabel("Reason Code").selectOption("0x04 (with the Will)");
  await page.getByRole("button", { name: "Disconnect so" }).click();
  await page.getByText("Not connected").waitFor();
}

const CONNECT_FIELDS = {
  "Client ID": "all-options",
  User: "ann",
  Password: "secret",
  "Keep Alive": "33",
  "Session expiry, s": "600",
  "Receive Maximum": "21",
  "Maximum Packet Size": "100000",
  "Topic Alias Maximum": "5",
  "User Properties": "c=1",
};
/** Of a message, whether published or a Will. */
const MESSAGE_FIELDS = {
  "Content Type": "text/plain",
  "Response Topic": "answers/1",
  "Correlation Data": "00ff",
  "Message expiry, s": "90",
  "User Properties": "a=1\nb=2=3",
};
const MESSAGE_PROPERTIES = {
  contentType: "text/plain",
  responseTopic: "answers/1",
  correlationData: Uint8Array.of(0x00, 0xff),
  messageExpiryIntervalSeconds: 90,
  payloadFormatIndicator: 1,
  userProperties: [
    ["a", "1"],
    ["b", "2=3"],
  ],
};
const CONNECT = {
  clientId: "all-options",
  cleanStart: false,
  keepAliveSeconds: 33,
  userName: "ann",
  password: new TextEncoder().encode("secret"),
  properties: {
    sessionExpiryIntervalSeconds: 600,
    receiveMaximum: 21,
    maximumPacketSize: 100_000,
    topicAliasMaximum: 5,
    requestResponseInformation: true,
    requestProblemInformation: false,
    userProperties: [["c", "1"]],
  },
  will: {
    topic: "wills/all",
    payload: Uint8Array.of(0xff, 0x00),
    qos: 2,
    retain: true,
    properties: { ...MESSAGE_PROPERTIES, willDelayIntervalSeconds: 7 },
  },
};
const SUBSCRIBE = {
  subscriptions: [
    { topicFilter: "all/#", qos: 2, noLocal: false, retainAsPublished: true, retainHandling: 1 },
  ],
  properties: { subscriptionIdentifier: 12, userProperties: [["s", "1"]] },
};
const PUBLISH = {
  topic: "all/1",
  payload: new TextEncoder().encode("hi"),
  qos: 2,
  retain: true,
  properties: { ...MESSAGE_PROPERTIES, topicAlias: 3 },
};
const DISCONNECT = {
  reasonCode: 4,
  properties: {
    sessionExpiryIntervalSeconds: 0,
    reasonString: "enough",
    userProperties: [["d", "1"]],
  },
};

/** What a client sends, from now on until the test is finished. */
function packetsOf({ server }: OpenedDashboard, clientId: string): Packet[] {
  const packets: Packet[] = [];
  const registration = server.on("interceptingInboundPacket", (event) => {
    if (event.clientId === clientId || Reflect.get(event.packet, "clientId") === clientId)
      packets.push(event.packet);
  });
  onTestFinished(() => registration.dispose());
  return packets;
}

/** Fills fields, by the words above each. Bytes are entered as hex. */
export async function fill(
  place: Page | Locator,
  fields: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [label, text] of Object.entries(fields)) {
    const field = place.getByLabel(label, { exact: label !== "User Properties" }).first();
    await field.fill(text);
    if (label === "Correlation Data")
      await place.getByLabel("Correlation Data: Format").first().selectOption("Hex");
  }
}
