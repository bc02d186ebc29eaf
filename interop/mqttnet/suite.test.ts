/**
 * The tests of MQTTnet's own suite that did not pass with Anax in its server's place: what they want holds now, or is otherwise on
 * purpose. In our words, under their names there; the server is set up by the builders, as a port would.
 */
import { connect as connectClient, MqttClient } from "@anax/client";
import type { ClientOptions, Message } from "@anax/client";
import { MqttMessageDroppedError } from "@anax/server";
import type { MqttServer } from "@anax/server";
import { MqttServerFactory } from "@anax/server/builders";
import type { MqttServerOptionsBuilder } from "@anax/server/builders";
import { X509Certificate } from "node:crypto";
import { describe, expect, it, onTestFinished } from "vitest";
import { CertificateAuthority, readCertificate } from "../support/certificates.ts";
import { portOf, serverEvent } from "../support/test-server.ts";

const factory = new MqttServerFactory();

async function startServer(
  configure: (builder: MqttServerOptionsBuilder) => MqttServerOptionsBuilder = (builder) => builder,
): Promise<MqttServer> {
  const builder = factory.createServerOptionsBuilder().withDefaultEndpoint();
  builder.withDefaultEndpointPort(0).withDefaultEndpointBoundIPAddress("127.0.0.1");
  const server = factory.createMqttServer(configure(builder).build());
  await server.start();
  onTestFinished(async () => void (await server.stop({ deadlineMs: 0 })));
  return server;
}

async function connect(server: MqttServer, options: ClientOptions = {}): Promise<MqttClient> {
  const client = await connectClient(`mqtt://127.0.0.1:${portOf(server, "tcp")}`, {
    reconnect: false,
    ...options,
  });
  onTestFinished(() => client.destroy());
  return client;
}

/** A subscriber whose first message is held by a handler for good, and what its queue of one has lost. */
async function heldSubscriber(strategy: "DropNewMessage" | "DropOldestQueuedMessage") {
  const server = await startServer((builder) =>
    builder.withMaxPendingMessagesPerClient(1).withPendingMessagesOverflowStrategy(strategy),
  );
  const overwritten: string[] = [];
  server.on("queuedApplicationMessageOverwritten", (event) => {
    overwritten.push(event.applicationMessage.topic);
  });
  await (await connect(server, { clientId: "receiver" })).subscribe("#");
  const isHeld = new Promise<void>((resolve) => {
    server.on("interceptingOutboundPacket", ({ packet, signal }) => {
      if (packet.type !== "publish") return undefined;
      resolve();
      return new Promise<void>((end) => {
        signal.addEventListener("abort", () => end());
      });
    });
  });
  return { server, overwritten, isHeld };
}

describe("tests of MQTTnet that hold", () => {
  it("Enqueue_Application_Message_At_Session_Level: the identifier is that of the delivery", async () => {
    const server = await startServer();
    const got: Message[] = [];
    await (
      await connect(server, { clientId: "one" })
    ).subscribe("#", (message) => got.push(message), { qos: 1 });
    await (
      await connect(server, { clientId: "two" })
    ).subscribe("#", (message) => got.push(message), { qos: 1 });
    const acknowledged = serverEvent(server, "clientAcknowledgedPublishPacket", () => true);
    const message = { topic: "InjectedOne", payload: "", qos: 1 } as const;
    const enqueued = await server.sessions.tryEnqueueApplicationMessage("one", message);
    const { clientId, acknowledgePacket } = await acknowledged;
    expect({ clientId, ...enqueued }).toEqual({
      clientId: "one",
      packetIdentifier:
        "packetIdentifier" in acknowledgePacket && acknowledgePacket.packetIdentifier,
    });
    expect(enqueued?.packetIdentifier).toBeGreaterThan(0);
    expect(got.map(({ topic }) => topic)).toEqual(["InjectedOne"]);
  });

  it.each([
    ["DropNewMessage", [true, true, false], []],
    ["DropOldestQueuedMessage", [true, true, true], ["InjectedTwo"]],
  ] as const)(
    "Enqueue_Application_Message_At_Session_Level_QueueOverflow_%sStrategy",
    async (strategy, expected, lost) => {
      const { server, overwritten, isHeld } = await heldSubscriber(strategy);
      const enqueue = async (topic: string): Promise<boolean> => {
        const message = { topic, payload: "" };
        return (
          (await server.sessions.tryEnqueueApplicationMessage("receiver", message)) !== undefined
        );
      };
      const enqueued = [await enqueue("InjectedOne")];
      await isHeld;
      enqueued.push(await enqueue("InjectedTwo"), await enqueue("InjectedThree"));
      expect(enqueued).toEqual(expected);
      expect(overwritten).toEqual(lost);
    },
  );

  it.each([
    ["DropNewMessage", "InjectedThree", []],
    ["DropOldestQueuedMessage", "InjectedTwo", ["InjectedTwo"]],
  ] as const)(
    "Deliver_Application_Message_At_Session_Level_QueueOverflow_%sStrategy",
    async (strategy, dropped, lost) => {
      const { server, overwritten, isHeld } = await heldSubscriber(strategy);
      const settled = new Map<string, unknown>();
      const deliver = (topic: string): Promise<unknown> =>
        server.sessions
          .deliverApplicationMessage("receiver", { topic, payload: "" })
          .catch((error: unknown) => error)
          .then((outcome) => settled.set(topic, outcome));
      const deliveries = [deliver("InjectedOne")];
      await isHeld;
      deliveries.push(deliver("InjectedTwo"), deliver("InjectedThree"));
      await Promise.race(deliveries);
      expect([...settled]).toEqual([[dropped, expect.any(MqttMessageDroppedError)]]);
      expect(overwritten).toEqual(lost);
    },
  );

  it("Intercept_Application_Message: only what clients publish is shown", async () => {
    const server = await startServer();
    const shown: string[] = [];
    server.on("interceptingPublish", (event) => {
      shown.push(event.clientId);
      event.applicationMessage = { ...event.applicationMessage, topic: "new_topic" } as never;
    });
    const client = await connect(server, { clientId: "one" });
    const got: string[] = [];
    await client.subscribe("#", ({ topic }) => got.push(topic), { qos: 1 });
    await client.publish("original_topic", "", { qos: 1 });
    await client.ping();
    expect({ shown, got }).toEqual({ shown: ["one"], got: ["new_topic"] });
  });
});

/** Clients with certificates that no authority has signed, which the program knows, as HotSwapCerts_Tests has them. */
describe("HotSwapCerts_Tests", () => {
  const made = ["server 1", "server 2", "client 1", "client 2"].map((name) => {
    using authority = new CertificateAuthority(name);
    return readCertificate(authority.issue("own"));
  });
  const [server1, server2, client1, client2] = made as [Pair, Pair, Pair, Pair];

  interface Pair {
    readonly cert: string;
    readonly key: string;
  }
  const pinOf = ({ cert }: Pair): string => new X509Certificate(cert).fingerprint256;

  async function pinning() {
    const known = new Set([pinOf(client1)]);
    let current = server1;
    const server = await startServer((builder) =>
      builder
        .withoutDefaultEndpoint()
        .withEncryptedEndpoint()
        .withEncryptedEndpointPort(0)
        .withEncryptedEndpointBoundIPAddress("127.0.0.1")
        .withEncryptionCertificate(() => current)
        .withRemoteCertificateValidationCallback((certificate) =>
          known.has((certificate as { fingerprint256: string } | undefined)?.fingerprint256 ?? ""),
        ),
    );
    const connectAs = async (own: Pair, pinned: Pair): Promise<void> => {
      const client = new MqttClient(`mqtts://127.0.0.1:${portOf(server, "tls")}`, {
        reconnect: false,
        clientId: "client",
        tls: {
          ...own,
          rejectUnauthorized: false,
          checkServerIdentity: (_host, { fingerprint256 }) =>
            fingerprint256 === pinOf(pinned) ? undefined : new Error("another certificate"),
        },
      });
      onTestFinished(() => client.destroy());
      await client.connect();
    };
    const force = (): Promise<boolean> => server.clients.disconnect("client", { reasonCode: 0x80 });
    return { known, connectAs, force, swap: () => (current = server2) };
  }

  it("ClientCertChangeWithoutServerUpdateFailsReconnect", async () => {
    const { connectAs, force } = await pinning();
    await connectAs(client1, server1);
    expect(await force()).toBe(true);
    await expect(connectAs(client2, server1)).rejects.toMatchObject({ reasonCode: 0x87 });
  });

  it("ClientCertChangeWithServerUpdateAcceptsReconnect", async () => {
    const { connectAs, force, known } = await pinning();
    await connectAs(client1, server1);
    await force();
    known.add(pinOf(client2));
    await expect(connectAs(client2, server1)).resolves.toBeUndefined();
  });

  it("ServerCertChangeWithClientCertUpdateAllowsReconnect", async () => {
    const { connectAs, force, swap } = await pinning();
    await connectAs(client1, server1);
    swap();
    await force();
    await expect(connectAs(client1, server2)).resolves.toBeUndefined();
  });

  it("ServerCertChangeWithoutClientCertUpdateFailsReconnect", async () => {
    const { connectAs, force, swap } = await pinning();
    await connectAs(client1, server1);
    swap();
    await force();
    await expect(connectAs(client1, server1)).rejects.toThrow("another certificate");
  });
});

/** Each row of the guide's list. */
describe("tests of MQTTnet that are answered otherwise", () => {
  it("Fire_Client_Unsubscribed_Event: where nothing was subscribed, there is no event", async () => {
    const server = await startServer();
    const told: string[] = [];
    server.on("clientUnsubscribedTopic", ({ topic }) => void told.push(topic));
    const client = await connect(server);
    expect(await client.unsubscribe("The/Topic")).toMatchObject({ reasonCodes: [0x11] });
    await client.subscribe("The/Topic");
    await client.unsubscribe("The/Topic");
    expect(told).toEqual(["The/Topic"]);
  });

  it("Collect_Messages_In_Disconnected_Session: QoS 0 waits where `queueQos0` says so", async () => {
    for (const [queueQos0, waiting] of [
      [false, 0],
      [true, 3],
    ] as const) {
      const server = await startServer((builder) =>
        builder.withPersistentSessions().withOptions({ queueQos0 }),
      );
      const absent = await connect(server, {
        clientId: "a",
        cleanStart: false,
        protocolVersion: 4,
      });
      await absent.subscribe("x");
      await absent.disconnect();
      const client = await connect(server, { clientId: "b" });
      for (const text of ["1", "2", "3"]) await client.publish("x", text);
      await client.ping();
      expect(server.sessions.get("a")?.queuedMessages).toBe(waiting);
    }
  });

  it("Send_Long_Body: more than 2 MiB arrive where `maximumPacketSize` says so", async () => {
    const body = new Uint8Array(3 * 1_024 * 1_024);
    const client = await connect(await startServer());
    await expect(client.publish("string", body)).rejects.toMatchObject({
      name: "MqttNotSupportedError",
    });
    const server = await startServer((builder) =>
      builder.withOptions({ maximumPacketSize: 4 * 1_024 * 1_024 }),
    );
    const sender = await connect(server);
    const got = new Promise<Message>((resolve) => {
      sender.on("message", resolve);
    });
    await sender.subscribe("string");
    await sender.publish("string", body);
    expect((await got).payload).toHaveLength(body.length);
  });

  it("Track_Sent_Packets: CONNACK is counted once, on the server's side", async () => {
    const server = await startServer();
    const client = await connect(server, { clientId: "one", keepAliveSeconds: 0 });
    for (let count = 1; count < 4; count += 1) {
      await client.publish("a", "", { qos: 1 });
      expect(server.clients.get("one")).toMatchObject({
        messagesReceived: count,
        packetsReceived: count + 1,
        packetsSent: count + 1,
      });
    }
  });

  it("Server_Reports_Shared_Subscriptions_Not_Supported, Subscription_Of_Shared_Subscription_Is_Denied: they are there", async () => {
    const client = await connect(await startServer());
    expect(client.connectResult?.sharedSubscriptionAvailable).toBe(true);
    expect((await client.subscribe("$share/A/topic")).reasonCodes).toEqual([0]);
    expect(() => client.subscribe("$share/A")).toThrow("$share/A");
  });

  it("Server_Reports_Topic_Alias_Supported: 100 of them, or as many as the option says", async () => {
    const limited = await connect(await startServer());
    expect(limited.connectResult?.topicAliasMaximum).toBe(100);
    const server = await startServer((builder) =>
      builder.withOptions({ topicAliasMaximum: 65_535 }),
    );
    expect((await connect(server)).connectResult?.topicAliasMaximum).toBe(65_535);
  });

  it("LocalEndPoint: the address that the client has reached", async () => {
    const server = await startServer((builder) => builder.withDefaultEndpointBoundIPAddress(null));
    const validating = serverEvent(server, "validatingConnection", () => true);
    await connect(server);
    expect((await validating).peer.localAddress).toMatch(/^(?:::ffff:)?127\.0\.0\.1$/u);
  });

  it("Will_Message_Do_Not_Send_On_Takeover: it is sent [MQTT-3.1.2-8]", async () => {
    const server = await startServer();
    const watcher = await connect(server);
    const got = new Promise<Message>((resolve) => {
      watcher.on("message", resolve);
    });
    await watcher.subscribe("#");
    const will = { topic: "My/last/will", payload: "" };
    await connect(server, { clientId: "WillOwner", will });
    await connect(server, { clientId: "WillOwner", will });
    expect((await got).topic).toBe("My/last/will");
  });
});
