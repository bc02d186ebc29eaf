/** Options of TLS against a server that wants a certificate of the client. */
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MqttClient, connect } from "@anax/client";
import type { TlsOptions, TransportFactory } from "@anax/client";
import { MqttServer } from "@anax/server";

describe("TLS", () => {
  let folder: string;
  let server: MqttServer;
  let ca: string;
  const read = (name: string): Uint8Array => readFileSync(join(folder, name));

  function openssl(command: string): void {
    execFileSync("openssl", command.split(" "), { cwd: folder, stdio: "ignore" });
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "anax-client-tls-"));
    const request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
    openssl(
      `${request} -subj /CN=ca -keyout ca.key -out ca.pem -addext basicConstraints=critical,CA:TRUE`,
    );
    const signed = "-CA ca.pem -CAkey ca.key -addext subjectAltName=IP:127.0.0.1";
    openssl(`${request} -subj /CN=server -keyout server.key -out server.pem ${signed}`);
    openssl(`${request} -subj /CN=client -keyout client.key -out client.pem ${signed}`);
    openssl("pkcs12 -export -in client.pem -inkey client.key -passout pass:open -out client.pfx");
    ca = new TextDecoder().decode(read("ca.pem"));
    const [cert, key] = ["server.pem", "server.key"].map((name) => Buffer.from(read(name)));
    const ciphers = "TLS_AES_128_GCM_SHA256";
    const files = { cert, key, ca, requestCert: true, ciphers };
    const listeners = [{ type: "tls", host: "127.0.0.1", port: 0, ...files }] as const;
    server = new MqttServer({ listeners, systemTopics: false });
    await server.start();
  });

  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  async function roundTrip(tls: TlsOptions): Promise<void> {
    await using client = await connect(server.address().url, { tls: { ca, ...tls } });
    await client.publish("a", "b", { qos: 1 });
  }

  it("shows the client's certificate, from cert and key or from pfx", async () => {
    await roundTrip({ cert: read("client.pem"), key: read("client.key") });
    await roundTrip({ pfx: read("client.pfx"), passphrase: "open" });
    await expect(roundTrip({})).rejects.toMatchObject({ code: "ANAX_CONNECT_FAILED" });
  });

  it("has the caller judge the certificate, in place of the check of its names", async () => {
    const own = { cert: read("client.pem"), key: read("client.key") };
    const { fingerprint256 } = new X509Certificate(read("server.pem"));
    const seen: unknown[] = [];
    const pinned: TlsOptions["checkServerIdentity"] = (host, certificate, fault) => {
      seen.push([host, certificate.subject["CN"], certificate.raw.length > 100, fault?.message]);
      if (certificate.fingerprint256 !== fingerprint256) throw new Error("not pinned");
    };
    await roundTrip({ ...own, servername: "other.name", checkServerIdentity: pinned });
    // Unknown authority: only who leaves it all to the caller is asked.
    const foreign = { ...own, ca: read("client.pem"), checkServerIdentity: pinned };
    await expect(roundTrip(foreign)).rejects.toThrow("self-signed certificate");
    await roundTrip({ ...foreign, rejectUnauthorized: false });
    expect(seen).toEqual([
      ["other.name", "server", true, undefined],
      ["127.0.0.1", "server", true, expect.stringMatching(/^SELF_SIGNED/)],
    ]);
    const never = { ...own, checkServerIdentity: () => new Error("never") };
    await expect(roundTrip(never)).rejects.toThrow("never");
    await expect(roundTrip({ ...never, rejectUnauthorized: false })).rejects.toThrow("never");
  });

  it("leaves this machine from the address and by the family that are named", async () => {
    await using plain = new MqttServer({ host: "127.0.0.1", port: 0, systemTopics: false });
    const peers: unknown[] = [];
    plain.on("clientConnected", ({ peer }) => void peers.push(peer.remoteAddress));
    await plain.start();
    const { port } = plain.address();
    const url = `mqtt://127.0.0.1:${port}`;
    await using client = await connect(url, { localAddress: "127.0.0.5", addressFamily: 4 });
    expect(client.connected).toBe(true);
    expect(peers).toEqual(["127.0.0.5"]);
    const bad = (): unknown => new MqttClient(url, { addressFamily: 5 as 4 });
    expect(bad).toThrow("addressFamily");
    const asked: unknown[] = [];
    const transport: TransportFactory = async (request) => {
      asked.push(request.addressFamily, request.localAddress, request.proxy);
      throw new Error("not today");
    };
    const ways = { addressFamily: 6, localAddress: "::1", proxy: "http://a" } as const;
    await expect(connect(url, { ...ways, transport })).rejects.toThrow("not today");
    expect(asked).toEqual([6, "::1", "http://a"]);
  });

  it("offers the ciphers that are named", async () => {
    const tls = { cert: read("client.pem"), key: read("client.key") };
    await roundTrip({ ...tls, ciphers: "TLS_AES_128_GCM_SHA256" });
    const others = { ...tls, ciphers: "TLS_CHACHA20_POLY1305_SHA256" };
    await expect(roundTrip(others)).rejects.toMatchObject({ code: "ANAX_CONNECT_FAILED" });
  });
});
