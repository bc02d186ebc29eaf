import type { AuthPacket } from "@anax/protocol";
import { afterEach, describe, expect, it } from "vitest";
import type { MqttServer, MqttServerOptions } from "../../src/index.ts";
import { MqttPeer } from "../support/mqtt-peer.ts";
import { startedServer } from "../support/memory-server.ts";

let server: MqttServer;

afterEach(() => server.stop());

async function start(options: MqttServerOptions = {}): Promise<MqttPeer> {
  server = await startedServer(options);
  return new MqttPeer(server.connectInMemory(), 5);
}

const METHOD = { properties: { authenticationMethod: "token" } };

function auth(reasonCode: number): AuthPacket {
  return { type: "auth", reasonCode, properties: METHOD.properties };
}

describe("a client with an Authentication Method [MQTT-4.12.0-1]", () => {
  it("is refused 0x8C if no handler takes it on, whoever else lets it in", async () => {
    const client = await start({ on: { validatingConnection: () => undefined } });
    expect(await client.connect(METHOD)).toMatchObject({ type: "connack", reasonCode: 0x8c });
    await client.closed;
  });

  it("is refused 0x8C by a server that knows passwords only, also with the right one", async () => {
    const client = await start({ users: { ann: "secret" } });
    const password = new TextEncoder().encode("secret");
    const connack = await client.connect({ ...METHOD, userName: "ann", password });
    expect(connack).toMatchObject({ type: "connack", reasonCode: 0x8c });
  });

  it("is let in by a handler that says that it knows the method", async () => {
    const client = await start({
      on: {
        validatingConnection: (event) => {
          event.authenticationMethodAccepted = event.authenticationMethod === "token";
        },
      },
    });
    expect(await client.connect(METHOD)).toMatchObject({ type: "connack", reasonCode: 0 });
  });

  it("is let in after an exchange", async () => {
    const client = await start({
      on: {
        validatingConnection: async (event) => {
          await event.exchangeEnhancedAuthentication({});
        },
      },
    });
    expect(await client.connect(METHOD)).toMatchObject({ type: "auth", reasonCode: 0x18 });
    client.sendPacket(auth(0x18));
    expect(await client.packet()).toMatchObject({ type: "connack", reasonCode: 0 });
  });
});

it("a re-authentication that no handler takes on ends the connection with 0x8C", async () => {
  const client = await start({
    users: { ann: "secret" },
    on: {
      validatingConnection: (event) => {
        if (!event.reauthentication) event.authenticationMethodAccepted = true;
      },
    },
  });
  const password = new TextEncoder().encode("secret");
  const connack = await client.connect({ ...METHOD, userName: "ann", password });
  expect(connack).toMatchObject({ type: "connack", reasonCode: 0 });
  client.sendPacket(auth(0x19));
  expect(await client.packet()).toMatchObject({ type: "disconnect", reasonCode: 0x8c });
});
