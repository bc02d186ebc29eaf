/** `anax pub` and `anax sub` on servers that break the rules, or do not know all of MQTT. */
import { createServer } from "node:net";
import type { AddressInfo, Server } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { Packet, ProtocolVersion } from "@anax/protocol";
import { RawPeer } from "@anax/testing";
import { runToEnd, start } from "./support/command.ts";

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A server that answers packets as the test says; gives the flags by which it is found. */
async function serve(
  version: ProtocolVersion,
  answer: (packet: Packet, peer: RawPeer) => void,
): Promise<string[]> {
  const server = createServer((socket) => {
    const peer = new RawPeer(socket, version);
    const answerAll = async (): Promise<void> => {
      for (;;) {
        const packet = await peer.receive();
        if (packet === undefined) return;
        if (packet.type === "disconnect") socket.end();
        answer(packet, peer);
      }
    };
    void answerAll();
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return ["-h", "127.0.0.1", "-p", String((server.address() as AddressInfo).port)];
}

const CONNACK = { type: "connack", sessionPresent: false, reasonCode: 0 } as const;

describe("anax pub", () => {
  it("-q 2 ends with a hint where the server answers QoS 2 by PUBACK, as RabbitMQ 3.10.8 does", async () => {
    const flags = await serve(4, (packet, peer) => {
      if (packet.type === "connect") peer.send(CONNACK);
      if (packet.type === "publish") {
        const { packetIdentifier = 0 } = packet;
        peer.send({ type: "puback", packetIdentifier, reasonCode: 0 });
      }
    });
    const args = ["pub", ...flags, "-V", "311", "-q", "2", "-t", "a", "-m", "x"];
    const { exitCode, stderr } = await runToEnd(args);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("the server answered QoS 2 by PUBACK");
    expect(stderr).toContain("publish with QoS 1");
  });

  it.each([
    ["closes without CONNACK", ""],
    ["refuses the version in words of MQTT 3.1.1", "20 02 00 01"],
    ["refuses the version in words of MQTT 5.0", "20 03 00 84 00"],
  ])("says which version to try where the server %s", async (_, hex) => {
    const server = createServer((socket) => {
      socket.once("data", () => socket.end(Buffer.from(hex.replaceAll(" ", ""), "hex")));
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const args = ["pub", "-h", "127.0.0.1", "-p", String(port), "-t", "a", "-m", "x"];
    const { exitCode, stderr } = await runToEnd(args);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("try -V 311");
    const old = await runToEnd([...args, "-V", "311"]);
    expect(old.exitCode).toBe(1);
    expect(old.stderr).not.toContain("-V 311");
  });
});

describe("anax pub, where HTTP answers", () => {
  it("says so, and blames no version", async () => {
    const server = createServer((socket) => {
      socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const args = ["pub", "-h", "127.0.0.1", "-p", String(port), "-t", "a", "-m", "x"];
    const { exitCode, stderr } = await runToEnd(args);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("what answers there is HTTP, not MQTT");
    expect(stderr).not.toContain("-V 311");
  });
});

describe("anax sub", () => {
  /** As ActiveMQ 5.17.2 does: a message whose Topic Name has a wildcard, then a good one. */
  function serveBadMessage(): Promise<string[]> {
    return serve(5, (packet, peer) => {
      if (packet.type === "connect") peer.send(CONNACK);
      if (packet.type !== "subscribe") return;
      const { packetIdentifier } = packet;
      peer.send({ type: "suback", packetIdentifier, reasonCodes: [0] });
      peer.send("30 06 00 03 61 2f 23 00", "30 08 00 04 67 6f 6f 64 00 78");
    });
  }

  it("drops a message that no client may be sent with a warning, and goes on", async () => {
    const flags = await serveBadMessage();
    const command = start(["sub", ...flags, "-t", "#", "-C", "1", "-v"]);
    expect(await command.exitCode).toBe(0);
    expect(command.stdout.text).toBe("good x\n");
    expect(command.stderr.text).toContain('anax sub: a message to "a/#" was dropped: ');
  });

  it("says nothing of it with --quiet", async () => {
    const flags = await serveBadMessage();
    const command = start(["sub", ...flags, "-t", "#", "-C", "1", "--quiet"]);
    expect(await command.exitCode).toBe(0);
    expect(command.stderr.text).toBe("");
  });

  it("closes the connection at it with --strict", async () => {
    const flags = await serveBadMessage();
    const command = start(["sub", ...flags, "-t", "#", "-W", "1", "--strict"]);
    expect(await command.exitCode).toBe(27);
    expect(command.stdout.text).toBe("");
    expect(command.stderr.text).toContain("the server broke the protocol");
  });
});
