import { once } from "node:events";
import { connect as connectSocket } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { createWebSocketStream, WebSocket } from "ws";
import { MqttServer } from "../src/index.ts";
import { makeCertificates } from "./support/certificates.ts";
import type { Certificates } from "./support/certificates.ts";

const PLACES = 20;
const CONNECT = Buffer.from("100c00044d5154540402003c0000", "hex");
const host = "127.0.0.1";

let certificates: Certificates;
let server: MqttServer;

beforeAll(() => {
  certificates = makeCertificates();
});

afterEach(() => server.stop());

const CARRIERS = {
  tcp: (port: number): Duplex => connectSocket({ host, port }),
  tls: (port: number): Duplex => connectTls({ host, port, ca: certificates.ca }),
  websocket: (port: number): Duplex =>
    createWebSocketStream(new WebSocket(`ws://${host}:${port}/mqtt`, "mqtt")),
};

type Carrier = keyof typeof CARRIERS;

async function start(type: Carrier): Promise<() => Duplex> {
  const place = { host, port: 0 };
  const listener = {
    tcp: { type: "tcp", ...place },
    tls: { type: "tls", ...place, ...certificates.server },
    websocket: { type: "websocket", ...place },
  } as const;
  server = new MqttServer({ listeners: [listener[type]], connectionsMax: PLACES });
  await server.start();
  const { port = 0 } = server.address();
  return () => CARRIERS[type](port);
}

/** Resolves once the client is let in; rejects if it is not. */
async function letIn(stream: Duplex): Promise<Duplex> {
  stream.write(CONNECT);
  const [first] = (await once(stream, "data")) as [Uint8Array];
  if (first[0] !== 0x20 || first[3] !== 0) throw new Error(`refused: ${first[3]}`);
  stream.on("error", () => {
    // The test cuts it.
  });
  return stream;
}

describe.each(Object.keys(CARRIERS) as Carrier[])(
  "a server whose places are all taken, over %s",
  (type) => {
    it("lets as many in again right after all have gone", async () => {
      const open = await start(type);
      for (let round = 0; round < 5; round += 1) {
        const all = Array.from({ length: PLACES }, () => letIn(open()));
        for (const stream of await Promise.all(all)) stream.destroy();
      }
      expect(server.statistics.transportsRefused).toBe(0);
    });

    it("refuses one too many, also one that goes while it waits, and keeps no place for it", async () => {
      const open = await start(type);
      const all = await Promise.all(Array.from({ length: PLACES }, () => letIn(open())));
      const impatient = open();
      impatient.on("error", () => {
        // It may be cut in its handshake.
      });
      await expect(letIn(open())).rejects.toThrow(/./);
      impatient.destroy();
      for (const stream of all) stream.destroy();
      const again = await Promise.all(Array.from({ length: PLACES }, () => letIn(open())));
      for (const stream of again) stream.destroy();
    });
  },
);
