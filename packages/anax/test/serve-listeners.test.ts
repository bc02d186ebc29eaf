import { once } from "node:events";
import { connect as connectSocket, createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { makeCertificates } from "./support/certificates.ts";
import { client, IN_MEMORY, received, running, serve } from "./support/serving.ts";
import { start } from "./support/command.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

/** A port that was free a moment ago: two listeners are to share one. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "::");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

const certificates = makeCertificates(temporaryFolder());

describe("anax serve, listening", () => {
  it("takes IPv4 and IPv6 with --host ::, and both as hosts of their own", async () => {
    for (const hosts of [["::"], ["0.0.0.0", "::"], ["::", "127.0.0.1"]]) {
      const port = String(await freePort());
      const flags = hosts.flatMap((host) => ["--host", host]);
      const command = start(["serve", "--port", port, ...IN_MEMORY, ...flags]);
      running.push(command);
      await command.stdout.waitFor(/^ready /m);
      expect((await client(`mqtt://127.0.0.1:${port}`)).connected).toBe(true);
      expect((await client(`mqtt://[::1]:${port}`)).connected).toBe(true);
    }
  });

  it("serves MQTT 3.1, 3.1.1 and 5.0 over WebSocket without being told to", async () => {
    const { urls } = await serve("--ws-port", "0");
    const port = new URL(urls[1] ?? "").port;
    const asked = [
      // By the name that MQTT 3.1 has for itself, as its clients do.
      {
        subprotocol: "mqttv3.1",
        connect: "100f00064d51497364700302000000017a",
        connack: "20020000",
      },
      { subprotocol: "mqtt", connect: "100d00044d515454040200000001" + "7a", connack: "20020000" },
      { subprotocol: "mqtt", connect: "100e00044d51545405020000000001" + "7a", connack: "20" },
    ];
    for (const one of asked) {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/mqtt`, one.subprotocol);
      await once(socket, "open");
      expect(socket.protocol).toBe(one.subprotocol);
      socket.send(Buffer.from(one.connect, "hex"));
      const [answer] = (await once(socket, "message")) as [Buffer];
      expect(answer.toString("hex").slice(0, one.connack.length)).toBe(one.connack);
      socket.terminate();
    }
  });

  it("lets in the subprotocols that --ws-subprotocol names, and no other", async () => {
    const { urls } = await serve("--ws-port", "0", "--ws-subprotocol", "mqtt");
    const url = `ws://127.0.0.1:${new URL(urls[1] ?? "").port}/mqtt`;
    const old = new WebSocket(url, "mqttv3.1");
    const [error] = (await once(old, "error")) as [Error];
    expect(error.message).toContain("400");
  });

  it("lets clients publish to $ topics if --dollar-topics says so", async () => {
    for (const [flags, code] of [[[], 0x87] as const, [["--dollar-topics"], 0x10] as const]) {
      const { urls } = await serve(...flags);
      const publisher = await client(urls[0]);
      const published = publisher.publish("$mine/x", "1", { qos: 1 });
      const reason = await published.then(
        ({ reasonCode }) => reasonCode,
        (failure: unknown) => (failure as { reasonCode?: number }).reasonCode,
      );
      expect(reason).toBe(code);
    }
  });

  it("closes what does not become a WebSocket, or TLS, in the time that it gives", async () => {
    const { urls } = await serve(
      ...["--ws-port", "0", "--ws-upgrade-timeout", "0.05"],
      ...["--tls-port", "0", "--tls-handshake-timeout", "0.05"],
      ...["--cert", certificates.server.cert, "--key", certificates.server.key],
    );
    for (const url of urls.slice(1)) {
      const socket = connectSocket(Number(new URL(url).port), "127.0.0.1");
      expect(await received(socket)).toHaveLength(0);
    }
  });
});
