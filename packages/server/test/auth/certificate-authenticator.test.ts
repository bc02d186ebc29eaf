import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import type { TLSSocket } from "node:tls";
import { X509Certificate } from "node:crypto";
import { CertificateAuthority } from "@anax/testing";
import type { CertificateContent, CertificateFiles } from "@anax/testing";
import type { ConnackPacket } from "@anax/protocol";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { CertificateAuthenticator, MqttServer } from "../../src/index.ts";
import type { CertificateName, TlsCredentials } from "../../src/index.ts";
import { MqttPeer } from "../support/mqtt-peer.ts";

let folder: string;
let authority: CertificateAuthority;
let host: CertificateFiles;
let server: MqttServer;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "anax-fleet-"));
  authority = new CertificateAuthority(folder);
  host = authority.issue({ subject: "/CN=first.example", alternativeNames: "DNS:first.example" });
});

afterAll(() => rmSync(folder, { recursive: true }));

/** As a listener hands it over. */
function shown(content: CertificateContent): { readonly raw: Uint8Array } {
  const { cert } = authority.issue(content);
  return { raw: new X509Certificate(readFileSync(cert)).raw };
}

function answer(part: CertificateName, certificate?: unknown): unknown {
  const peer = {
    transport: "tls",
    secure: true,
    ...(certificate !== undefined && { certificate }),
  };
  return new CertificateAuthenticator({ userName: part }).authenticate({
    clientId: "c",
    userName: "somebody else",
    peer,
  });
}

describe("the user name of a client with a certificate", () => {
  it("is what its certificate says, whatever CONNECT says", () => {
    const lamp = shown({
      subject: "/C=GB/O=Big, Ltd/OU=A+OU=B/CN=lamp 7 =\\+x",
      alternativeNames: "DNS:lamp.example,email:lamp@example.org,URI:urn:lamp:7",
    });
    expect(answer("commonName", lamp)).toEqual({ userName: "lamp 7 =+x" });
    const subject = "CN=lamp 7 =\\+x,OU=B+OU=A,O=Big\\, Ltd,C=GB";
    expect(answer("subject", lamp)).toEqual({ userName: subject });
    expect(answer("dns", lamp)).toEqual({ userName: "lamp.example" });
    expect(answer("email", lamp)).toEqual({ userName: "lamp@example.org" });
    expect(answer("uri", lamp)).toEqual({ userName: "urn:lamp:7" });
    expect(answer("commonName", shown({ subject: "/CN=Lämpchen \\\\41" }))).toEqual({
      userName: "Lämpchen \\41",
    });
  });

  it("is none where the certificate has none of that kind, or several", () => {
    const odd = shown({ subject: "/CN=a/CN=b", alternativeNames: "DNS:a.example,DNS:b.example" });
    expect(answer("commonName", odd)).toBe(false);
    expect(answer("dns", odd)).toBe(false);
    expect(answer("uri", odd)).toBe(false);
    expect(answer("commonName", shown({ subject: "/O=only" }))).toBe(false);
    expect(answer("commonName", shown({ subject: "/CN=a\nb" }))).toBe(false);
    // An alternative name that tries to look like two.
    const uri = "urn:x, DNS:other.example";
    const length = (bytes: number): string => bytes.toString(16).padStart(2, "0");
    const name = `86${length(uri.length)}${Buffer.from(uri).toString("hex")}`;
    const alternativeNames = `DER:30${length(uri.length + 2)}${name}`;
    const tricky = shown({ subject: "/CN=x", alternativeNames });
    expect(answer("dns", tricky)).toBe(false);
    expect(answer("uri", tricky)).toEqual({ userName: uri });
  });

  it("is not asked for where there is no certificate", () => {
    expect(answer("commonName")).toBeUndefined();
    expect(() => new CertificateAuthenticator({ userName: "name" as "dns" })).toThrow(
      'userName "name" is not one of commonName, subject, dns, email, uri',
    );
  });
});

const read = ({ cert, key }: CertificateFiles) => ({
  cert: readFileSync(cert),
  key: readFileSync(key),
});

interface Login {
  readonly socket: TLSSocket;
  readonly peer: MqttPeer;
  /** Undefined if the handshake failed. */
  readonly connack: ConnackPacket | undefined;
}

async function login(
  files: CertificateFiles,
  servername = "first.example",
  session?: Buffer,
): Promise<Login> {
  const { port } = server.address("tls");
  const ca = readFileSync(authority.cert);
  const socket = connect({
    host: "127.0.0.1",
    port,
    ca,
    servername,
    ...read(files),
    ...(session !== undefined && { session }),
  });
  const peer = new MqttPeer(socket, 5);
  socket.on("error", () => undefined);
  const packet = await peer.connect({ clientId: "" }).catch(() => undefined);
  return { socket, peer, connack: packet?.type === "connack" ? packet : undefined };
}

describe("a fleet with certificates", () => {
  let credentials: TlsCredentials;
  const names: (string | undefined)[] = [];

  afterEach(() => server.stop({ deadlineMs: 100 }));

  async function start(first: TlsCredentials, ticketKeys?: Buffer): Promise<void> {
    const keys = ticketKeys === undefined ? {} : { ticketKeys };
    credentials = first;
    names.length = 0;
    server = new MqttServer({
      listeners: [
        { type: "tls", port: 0, credentials: () => credentials, requestCert: true, ...keys },
      ],
      authenticators: [new CertificateAuthenticator()],
      systemTopics: false,
      on: { clientConnected: ({ userName }) => void names.push(userName) },
    });
    await server.start();
  }

  it.each([
    { of: "Node", ticketKeys: undefined },
    { of: "the options", ticketKeys: Buffer.alloc(48, 1) },
  ])("loses a certificate that is revoked, also by a ticket with keys of $of", async (given) => {
    const ca = readFileSync(authority.cert);
    const [lamp, door] = ["lamp", "door"].map((name) =>
      authority.issue({ subject: `/CN=${name}` }),
    );
    if (lamp === undefined || door === undefined) throw new Error("no certificates");
    const crl = readFileSync(authority.revoke([]));
    await start({ ...read(host), ca, crl }, given.ticketKeys);
    const before = await login(lamp);
    expect(before.connack?.reasonCode).toBe(0);
    const session = before.socket.getSession();
    const resumed = await login(lamp, "first.example", session);
    expect(resumed.connack?.reasonCode).toBe(0);
    expect(resumed.socket.isSessionReused()).toBe(true);
    credentials = { ...read(host), ca, crl: readFileSync(authority.revoke([lamp])) };
    expect((await login(lamp)).connack).toBeUndefined();
    expect((await login(lamp, "first.example", session)).connack).toBeUndefined();
    expect((await login(door)).connack?.reasonCode).toBe(0);
    expect(names).toEqual(["lamp", "lamp", "door"]);
    resumed.peer.sendPacket({ type: "pingreq" });
    expect(await resumed.peer.packet()).toEqual({ type: "pingresp" });
  });

  it("is shown the certificate of the host that it asks for, and verified there too", async () => {
    const ca = readFileSync(authority.cert);
    const second = authority.issue({ subject: "/CN=x", alternativeNames: "DNS:*.second.example" });
    const third = authority.issue({ subject: "/CN=x", alternativeNames: "DNS:third.example" });
    const lamp = authority.issue({ subject: "/CN=lamp" });
    await start({ ...read(host), ca, hosts: [read(second)] });
    const shownFor = async (name: string): Promise<string | undefined> => {
      const { socket, connack } = await login(lamp, name);
      const names = connack?.reasonCode === 0 ? socket.getPeerCertificate().subjectaltname : "";
      socket.destroy();
      return names;
    };
    expect(await shownFor("first.example")).toBe("DNS:first.example");
    expect(await shownFor("eu.second.example")).toBe("DNS:*.second.example");
    // The client itself does not take the first certificate for this name.
    expect(await shownFor("third.example")).toBe("");
    const crl = readFileSync(authority.revoke([lamp]));
    credentials = { ...read(host), ca, hosts: [read(second), read(third)] };
    expect(await shownFor("third.example")).toBe("DNS:third.example");
    credentials = { ...read(host), ca, crl, hosts: [read(second), read(third)] };
    for (const name of ["first.example", "eu.second.example", "third.example"])
      expect(await shownFor(name)).toBe("");
  });

  it("is let in by a TLS session of before where the host has a certificate of its own", async () => {
    const second = authority.issue({ subject: "/CN=x", alternativeNames: "DNS:second.example" });
    const lamp = authority.issue({ subject: "/CN=lamp" });
    await start({ ...read(host), ca: readFileSync(authority.cert), hosts: [read(second)] });
    const before = await login(lamp, "second.example");
    const session = before.socket.getSession();
    const resumed = await login(lamp, "second.example", session);
    expect(resumed.connack?.reasonCode).toBe(0);
    expect(resumed.socket.isSessionReused()).toBe(true);
  });
});

describe("certificates for hosts", () => {
  it("of the options stay when credentials without any are renewed", async () => {
    const ca = readFileSync(authority.cert);
    const second = authority.issue({ subject: "/CN=x", alternativeNames: "DNS:second.example" });
    const lamp = authority.issue({ subject: "/CN=lamp" });
    let credentials: TlsCredentials = read(host);
    server = new MqttServer({
      listeners: [
        { type: "tls", port: 0, ca, hosts: [read(second)], credentials: () => credentials },
      ],
      systemTopics: false,
    });
    await server.start();
    const shownFor = async (name: string): Promise<string | undefined> => {
      const { socket, connack } = await login(lamp, name);
      const names = connack?.reasonCode === 0 ? socket.getPeerCertificate().subjectaltname : "";
      socket.destroy();
      return names;
    };
    expect(await shownFor("second.example")).toBe("DNS:second.example");
    credentials = read(host);
    expect(await shownFor("second.example")).toBe("DNS:second.example");
    await server.stop({ deadlineMs: 100 });
  });

  it("are refused where one of them cannot be used", async () => {
    const start = async (hosts: TlsCredentials["hosts"]): Promise<void> => {
      server = new MqttServer({ listeners: [{ type: "tls", port: 0, ...read(host), hosts }] });
      await server.start();
    };
    const { cert, key } = read(authority.issue({ subject: "/CN=x" }));
    const wrong = read(host).key;
    await expect(
      start([
        { cert, key },
        { cert, key: wrong },
      ]),
    ).rejects.toThrow(
      "cert of hosts, number 2, and key of hosts, number 2, do not belong together",
    );
    await expect(start([{ cert: "x", key }])).rejects.toThrow("cert of hosts, number 1, is no");
  });
});
