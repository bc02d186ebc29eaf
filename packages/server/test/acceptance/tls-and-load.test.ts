/** What MQTTnet's own tests ask of a server: TLS, load, diagnostics. The identifiers are those of the acceptance list. */
import { connect as connectTcp } from "node:net";
import { connect } from "@anax/client";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { LogRecord } from "../../src/index.ts";
import { BytePeer } from "../support/byte-peer.ts";
import { makeCertificates } from "../support/certificates.ts";
import type { Certificates } from "../support/certificates.ts";
import { turns, until } from "../support/turns.ts";
import { AcceptanceServer } from "./acceptance-server.ts";

describe("H01", () => {
  let certificates: Certificates;

  beforeAll(() => {
    certificates = makeCertificates();
  });

  it("a server certificate that is swapped is shown to the next client", async () => {
    let current = certificates.server;
    const listener = { type: "tls", port: 0, credentials: () => current } as const;
    const { port } = await AcceptanceServer.start({ listeners: [listener] });
    const pinned = async (ca: string): Promise<void> => {
      const client = await connect(`mqtts://127.0.0.1:${port}`, { reconnect: false, tls: { ca } });
      await client.disconnect();
    };
    await pinned(certificates.ca);
    current = certificates.otherServer;
    await pinned(certificates.ca);
    await expect(pinned(certificates.client.cert)).rejects.toThrow(/certificate|issuer|self/i);
  });

  it("a client certificate is asked for, and known to the program", async () => {
    const { server, ca, client } = certificates;
    const listener = { type: "tls", port: 0, ...server, ca, requestCert: true } as const;
    const acceptance = await AcceptanceServer.start({ listeners: [listener] });
    const url = `mqtts://127.0.0.1:${acceptance.port}`;
    await expect(connect(url, { reconnect: false, tls: { ca } })).rejects.toBeInstanceOf(Error);
    const options = { clientId: "one", reconnect: false, tls: { ca, ...client } };
    const known = await connect(url, options);
    onTestFinished(() => known.disconnect());
    expect(acceptance.server.clients.get("one")?.peer).toMatchObject({
      secure: true,
      tls: { protocol: "TLSv1.3" },
      certificate: { subject: expect.anything() as object },
    });
  });
});

it.each([
  [3, "101600064d514973647003020000" + "000861636365707465" + "64", "20020000"],
  [4, "101400044d51545404020000" + "000861636365707465" + "64", "20020000"],
  [5, "101500044d5154540502000000" + "000861636365707465" + "64", "20"],
] as const)(
  "I01 version %i is told by its first bytes, cut anywhere",
  async (_version, hex, answer) => {
    const { port } = await AcceptanceServer.start();
    const peer = new BytePeer(connectTcp(port, "127.0.0.1"));
    for (const byte of Buffer.from(hex, "hex")) {
      peer.send(Uint8Array.of(byte));
      await turns(1);
    }
    expect(await peer.receive(answer.length / 2)).toBe(answer);
    peer.end();
  },
);

describe("J01", () => {
  it("a hundred clients with a thousand messages each: none is lost", async () => {
    const acceptance = await AcceptanceServer.start();
    const seen = new Map<string, number>();
    const receiver = await acceptance.client("receiver", { receiveMaximum: 1_000 });
    let total = 0;
    await receiver.subscribe(
      "load/+",
      ({ topic, text }) => {
        const next = seen.get(topic) ?? 0;
        if (Number(text) !== next) throw new Error(`${topic}: ${text} after ${next}`);
        seen.set(topic, next + 1);
        total += 1;
      },
      { qos: 0 },
    );
    const names = Array.from({ length: 100 }, (_none, number) => `client-${number}`);
    const clients = await Promise.all(names.map((name) => acceptance.client(name)));
    for (const [number, client] of clients.entries()) {
      for (let count = 0; count < 1_000; count += 1) {
        void client.publish(`load/${number}`, String(count));
      }
      await client.ping();
    }
    await until(() => total >= 100_000);
    expect(acceptance.server.statistics.publishesReceived).toBe(100_000);
    expect(total).toBe(100_000);
    expect(seen.size).toBe(100);
  }, 60_000);
});

describe("L01", () => {
  it("log records name their source, and a failing handler is no unhandled rejection", async () => {
    const records: LogRecord[] = [];
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on("unhandledRejection", note);
    onTestFinished(() => void process.off("unhandledRejection", note));
    const acceptance = await AcceptanceServer.start({
      logger: { level: "trace", write: (record) => void records.push(record) },
      on: {
        interceptingPublish: async () => {
          throw new Error("a defect of the program's");
        },
      },
    });
    const client = await acceptance.client("one");
    await expect(client.publish("a", "x", { qos: 1 })).rejects.toMatchObject({ reasonCode: 0x83 });
    expect(records.map(({ source, level, message }) => [source, level, message])).toEqual(
      expect.arrayContaining([
        ["connection", "info", "client connected"],
        ["handler", "error", "a handler failed"],
      ]),
    );
    expect(unhandled).toEqual([]);
  });

  it("packet inspection sees every packet on both sides", async () => {
    const server: string[] = [];
    const acceptance = await AcceptanceServer.start({
      on: {
        interceptingInboundPacket: ({ packet }) => void server.push(`in ${packet.type}`),
        interceptingOutboundPacket: ({ packet }) => void server.push(`out ${packet.type}`),
      },
    });
    const client = await acceptance.client("one");
    const seen: string[] = [];
    client.on("packet", ({ direction, packet }) => void seen.push(`${direction} ${packet.type}`));
    await client.ping();
    expect(seen.map((line) => line.split(" ")[1])).toEqual(["pingreq", "pingresp"]);
    expect(server).toEqual(["in connect", "out connack", "in pingreq", "out pingresp"]);
  });
});
