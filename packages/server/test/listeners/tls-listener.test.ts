import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { connect as connectTcp, createServer as createTcpServer } from "node:net";
import type { Socket } from "node:net";
import { connect, createSecureContext } from "node:tls";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import { afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { MqttConfigurationError } from "@anax/protocol";
import { TlsListener } from "../../src/listeners/tls-listener.ts";
import type { TlsCredentials } from "../../src/listeners/tls-credentials.ts";
import type { TlsListenerOptions } from "../../src/listeners/tls-listener.ts";
import { BytePeer } from "../support/byte-peer.ts";
import { makeCertificates } from "../support/certificates.ts";
import type { Certificates } from "../support/certificates.ts";
import { EchoAcceptor } from "../support/echo-acceptor.ts";
import { until } from "../support/turns.ts";

let certificates: Certificates;
let acceptor: EchoAcceptor;
let listener: TlsListener | undefined;

beforeAll(() => {
  certificates = makeCertificates();
});

beforeEach(() => {
  acceptor = new EchoAcceptor();
});

afterEach(async () => {
  for (const { wire } of acceptor.connections) wire.destroy();
  await listener?.stop();
});

async function listen(options: Partial<TlsListenerOptions> = {}): Promise<number> {
  listener = new TlsListener({ type: "tls", port: 0, ...certificates.server, ...options }, {});
  await listener.start(acceptor);
  return listener.address?.port ?? 0;
}

async function connectSecurely(port: number, options: ConnectionOptions = {}): Promise<BytePeer> {
  const socket = connect({ host: "127.0.0.1", port, ca: certificates.ca, ...options });
  const peer = new BytePeer(socket);
  await Promise.race([once(socket, "secureConnect"), peer.closed]);
  return peer;
}

interface SlowLine {
  readonly port: number;
  readonly heldBytes: number;
  hold(): void;
  let(bytes: number): void;
}

/** A way to a server on which a test can hold back what goes there. */
async function slowLine(port: number): Promise<SlowLine> {
  let far: Socket | undefined;
  let held: Buffer | undefined;
  const line = createTcpServer((near) => {
    far = connectTcp(port, "127.0.0.1");
    far.pipe(near);
    near.on("data", (chunk) => {
      if (held === undefined) far?.write(chunk);
      else held = Buffer.concat([held, chunk]);
    });
  });
  onTestFinished(() => {
    far?.destroy();
    line.close();
  });
  line.listen(0, "127.0.0.1");
  await once(line, "listening");
  const address = line.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    get heldBytes() {
      return held?.length ?? 0;
    },
    hold: () => (held = Buffer.alloc(0)),
    let: (bytes) => {
      far?.write(held?.subarray(0, bytes) ?? "");
      held = held?.subarray(bytes);
    },
  };
}

/** Of another kind than those of the certificates. */
function rsaKey(): string {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

describe("TLS listener", () => {
  it("counts what has come of a record that is not whole", async () => {
    const line = await slowLine(await listen());
    const peer = await connectSecurely(line.port);
    await acceptor.until(() => acceptor.connections.length > 0);
    const { wire, chunks } = acceptor.first;
    peer.send("c0ffee");
    expect(await peer.receive(3)).toBe("c0ffee");
    expect(wire.gatheredBytes?.()).toBe(0);
    line.hold();
    peer.send("00".repeat(10_000));
    await until(() => line.heldBytes > 10_000);
    line.let(4_000);
    await until(() => wire.gatheredBytes?.() === 4_000);
    line.let(3_000);
    await until(() => wire.gatheredBytes?.() === 7_000);
    expect(chunks).toHaveLength(1);
    line.let(10_000);
    await peer.receive(10_000);
    expect(wire.gatheredBytes?.()).toBe(0);
  });

  it("carries bytes both ways", async () => {
    const peer = await connectSecurely(await listen());
    peer.send("c0ffee");
    expect(await peer.receive(3)).toBe("c0ffee");
    expect(acceptor.first.peer).toMatchObject({
      transport: "tls",
      secure: true,
      tls: { protocol: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384" },
    });
    expect(acceptor.first.peer.certificate).toBeUndefined();
    peer.end();
    await acceptor.until(() => acceptor.places === 0);
    expect(listener?.address?.url).toMatch(/^mqtts:\/\/127\.0\.0\.1:\d+$/);
  });

  it("shows a certificate that nobody known has signed, marked as such, where asked for", async () => {
    const port = await listen({ ca: certificates.ca, showUnverified: true });
    await connectSecurely(port, makeCertificates().client);
    await acceptor.until(() => acceptor.connections.length === 1);
    const { peer } = acceptor.first;
    expect(peer.certificate).toBeUndefined();
    expect(peer.unverifiedCertificate).toMatchObject({ fingerprint256: expect.any(String) });
    expect(peer.certificateFault).toBe("UNABLE_TO_VERIFY_LEAF_SIGNATURE");
  });

  it("shows none where there is none, and a verified one as before", async () => {
    const port = await listen({ ca: certificates.ca, showUnverified: true });
    await connectSecurely(port);
    await acceptor.until(() => acceptor.connections.length === 1);
    await connectSecurely(port, certificates.client);
    await acceptor.until(() => acceptor.connections.length === 2);
    const peers = acceptor.connections.map(({ peer }) => peer);
    for (const peer of peers) expect(peer).not.toHaveProperty("unverifiedCertificate");
    expect(peers.map(({ certificate }) => certificate !== undefined)).toEqual([false, true]);
  });

  it.each([
    [{ requestCert: false }, "requestCert is false"],
    [{ rejectUnauthorized: true }, "rejectUnauthorized is true"],
  ])("refuses %o beside showUnverified", async (options, fault) => {
    await expect(listen({ showUnverified: true, ...options })).rejects.toThrow(fault);
  });

  it("gives its place back when a handshake fails", async () => {
    const port = await listen();
    const socket = connectTcp(port, "127.0.0.1");
    const peer = new BytePeer(socket);
    peer.send(Buffer.from("this is no handshake, but long enough to be seen as none"));
    await peer.closed;
    await acceptor.until(() => acceptor.places === 0);
    expect(acceptor.connections).toHaveLength(0);
  });

  it("cuts a client that stalls in its handshake", async () => {
    const port = await listen({ tlsHandshakeTimeoutMs: 20 });
    const peer = new BytePeer(connectTcp(port, "127.0.0.1"));
    await peer.closed;
    await acceptor.until(() => acceptor.places === 0);
    expect(acceptor.connections).toHaveLength(0);
  });

  it("closes a handshake that is going on when it stops", async () => {
    const port = await listen();
    const peer = new BytePeer(connectTcp(port, "127.0.0.1"));
    await acceptor.until(() => acceptor.places === 1);
    await listener?.stop();
    await peer.closed;
    await acceptor.until(() => acceptor.places === 0);
    expect(acceptor.connections).toHaveLength(0);
  });

  const encrypted = (key: string): string =>
    createPrivateKey(key)
      .export({ type: "pkcs8", format: "pem", cipher: "aes256", passphrase: "right" })
      .toString();

  const unusable: readonly (readonly [message: string, () => Partial<TlsListenerOptions>])[] = [
    ["cert is no certificate in PEM form", () => ({ cert: "x" })],
    ["cert is no certificate in PEM form", () => ({ cert: certificates.server.key })],
    ["key is no private key in PEM form", () => ({ key: "x" })],
    ["key is no private key in PEM form", () => ({ key: certificates.server.cert })],
    ["cert and key do not belong together", () => ({ key: certificates.otherServer.key })],
    ["cert and key do not belong together", () => ({ key: rsaKey() })],
    [
      "key is encrypted and passphrase is missing",
      () => ({ key: encrypted(certificates.server.key) }),
    ],
    [
      "passphrase does not decrypt key",
      () => ({ key: encrypted(certificates.server.key), passphrase: "wrong" }),
    ],
    ["pfx is no PKCS#12 archive", () => ({ pfx: "x" })],
    ["ca is no certificate in PEM form", () => ({ ca: "x" })],
    ["crl is no revocation list in PEM form", () => ({ crl: "x" })],
    ["the options of TLS cannot be used", () => ({ ciphers: "NONE-OF-THESE" })],
  ];
  it.each(unusable)("does not start when %s", async (message, options) => {
    const error: unknown = await listen(options()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(MqttConfigurationError);
    expect(error).toMatchObject({
      message: expect.stringContaining(message),
      cause: expect.any(Error),
    });
  });

  it("takes an encrypted key with its passphrase, and a chain behind the certificate", async () => {
    const port = await listen({
      cert: certificates.server.cert + certificates.ca,
      key: encrypted(certificates.server.key),
      passphrase: "right",
    });
    const peer = await connectSecurely(port);
    peer.send("01");
    expect(await peer.receive(1)).toBe("01");
  });
});

describe("the name that a client asks for", () => {
  it("chooses the certificate by SNICallback", async () => {
    const port = await listen({
      SNICallback: (name, chosen) => {
        const pair = name === "other.example" ? certificates.otherServer : certificates.server;
        chosen(null, createSecureContext(pair));
      },
    });
    const subjectFor = async (servername: string): Promise<unknown> => {
      const checkServerIdentity = (): undefined => undefined;
      const options = { port, host: "127.0.0.1", ca: certificates.ca };
      const socket = connect({ ...options, servername, checkServerIdentity });
      await once(socket, "secureConnect");
      const { CN } = socket.getPeerCertificate().subject;
      socket.destroy();
      return CN;
    };
    expect(await subjectFor("other.example")).toBe("other-server");
    expect(await subjectFor("anax.example")).toBe("server");
  });

  it("may share a port by ALPNProtocols", async () => {
    const port = await listen({ ALPNProtocols: ["mqtt"] });
    const peer = await connectSecurely(port, { ALPNProtocols: ["x-other", "mqtt"] });
    expect((peer.stream as TLSSocket).alpnProtocol).toBe("mqtt");
    peer.end();
    await peer.closed;
  });
});

describe("client certificates", () => {
  it("lets in who shows one, and gives it to the server", async () => {
    const port = await listen({ ca: certificates.ca, requestCert: true });
    const peer = await connectSecurely(port, certificates.client);
    peer.send("00");
    await peer.receive(1);
    expect(acceptor.first.peer.certificate).toMatchObject({ subject: { CN: "client" } });
  });

  it("lets nobody in who shows none", async () => {
    const port = await listen({ ca: certificates.ca, requestCert: true });
    const peer = await connectSecurely(port);
    await peer.closed;
    await acceptor.until(() => acceptor.places === 0);
    expect(acceptor.connections).toHaveLength(0);
  });

  it("gives no certificate that was not verified", async () => {
    const options = { ca: certificates.ca, requestCert: true, rejectUnauthorized: false };
    const peer = await connectSecurely(await listen(options));
    peer.send("00");
    await peer.receive(1);
    expect(acceptor.first.peer.certificate).toBeUndefined();
  });
});

describe("renewed certificates", () => {
  const subjectAt = async (port: number): Promise<unknown> => {
    const socket = connect({ host: "127.0.0.1", port, ca: certificates.ca });
    await once(socket, "secureConnect");
    const { CN } = socket.getPeerCertificate().subject;
    socket.destroy();
    return CN;
  };

  it("are used from the next connection on; connections stay", async () => {
    let current = certificates.server;
    const port = await listen({ credentials: () => current });
    const peer = await connectSecurely(port);
    current = certificates.otherServer;
    expect(await subjectAt(port)).toBe("other-server");
    peer.send("01");
    expect(await peer.receive(1)).toBe("01");
  });

  it.each<[string, () => unknown]>([
    ["are broken", () => ({ cert: "broken", key: "broken" })],
    ["are none", () => ({})],
    ["are undefined", () => undefined],
    ["are a number", () => 42],
    ["are promised", async () => certificates.otherServer],
    ["are promised in vain", () => Promise.reject(new Error("no"))],
    [
      "are thrown for",
      () => {
        throw new Error("no");
      },
    ],
  ])("that %s are not used: the old ones stay in force", async (_name, bad) => {
    let current: () => unknown = () => certificates.server;
    const port = await listen({ credentials: () => current() as TlsCredentials });
    current = bad;
    expect(await subjectAt(port)).toBe("server");
    expect(await subjectAt(port)).toBe("server");
  });

  it("do not change what else TLS was told", async () => {
    let current = certificates.server;
    const port = await listen({ credentials: () => current, minVersion: "TLSv1.3" });
    current = certificates.otherServer;
    const options = {
      host: "127.0.0.1",
      port,
      ca: certificates.ca,
      maxVersion: "TLSv1.2",
    } as const;
    const old = connect(options);
    const ends: string[] = [];
    old.on("secureConnect", () => ends.push("secure"));
    old.on("error", ({ message }) => ends.push(message));
    await new Promise((resolve) => old.once("close", resolve));
    expect(ends).toEqual([expect.stringContaining("protocol version")]);
    expect(await subjectAt(port)).toBe("other-server");
  });

  it("have to be some when it starts", async () => {
    await expect(listen({ credentials: () => ({}) })).rejects.toThrow(MqttConfigurationError);
  });
});

describe("a callback of TLS that misbehaves costs its connection at most:", () => {
  const misdeeds: [string, () => unknown][] = [
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
    ["rejects", () => Promise.reject(new Error("no"))],
    ["gives rubbish", () => 42],
  ];

  it.each(misdeeds)("SNICallback %s", async (_name, misdeed) => {
    let calls = 0;
    const context = createSecureContext(certificates.server);
    const port = await listen({
      SNICallback: (_serverName, done) => {
        calls += 1;
        if (calls === 1) return misdeed() as undefined;
        return done(null, context);
      },
    });
    const first = connect({
      host: "127.0.0.1",
      port,
      ca: certificates.ca,
      servername: "broker.example",
    });
    first.on("error", () => undefined);
    await until(() => calls === 1);
    first.destroy();
    const peer = await connectSecurely(port, {
      servername: "broker.example",
      checkServerIdentity: () => undefined,
    });
    peer.send("01");
    expect(await peer.receive(1)).toBe("01");
  });

  it.each(misdeeds)("ALPNCallback %s", async (_name, misdeed) => {
    let calls = 0;
    const port = await listen({
      ALPNCallback: () => {
        calls += 1;
        return calls === 1 ? (misdeed() as string) : "mqtt";
      },
    });
    const first = connect({
      host: "127.0.0.1",
      port,
      ca: certificates.ca,
      ALPNProtocols: ["mqtt"],
    });
    await once(first, "close").catch(() => undefined);
    const peer = await connectSecurely(port, { ALPNProtocols: ["mqtt"] });
    peer.send("01");
    expect(await peer.receive(1)).toBe("01");
  });
});
