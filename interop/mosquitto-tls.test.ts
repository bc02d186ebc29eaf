/** Do mosquitto's clients reach us over TLS, and does TLS keep out whom it should? */
import { areInstalled } from "@anax/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { words } from "./support/arguments.ts";
import { CertificateAuthority, readCertificate } from "./support/certificates.ts";
import type { CertificateFiles } from "./support/certificates.ts";
import { startProgram } from "./support/child-program.ts";
import { MOSQUITTO_VERSIONS, mosquittoPub, mosquittoSub } from "./support/mosquitto.ts";
import { portOf, serverEvent, startTestServer } from "./support/test-server.ts";
import type { TestServer } from "./support/test-server.ts";

describe.runIf(areInstalled("mosquitto_pub", "mosquitto_sub", "openssl"))(
  "mosquitto_pub and mosquitto_sub over TLS",
  () => {
    let authority: CertificateAuthority;
    let stranger: CertificateAuthority;
    let client: CertificateFiles;
    let impostor: CertificateFiles;
    let broker: TestServer;

    beforeAll(async () => {
      authority = new CertificateAuthority("authority");
      stranger = new CertificateAuthority("stranger");
      client = authority.issue("device-7");
      impostor = stranger.issue("device-7");
      broker = await startTestServer({
        listeners: [
          { type: "tcp", port: 0 },
          { type: "websocket", port: 0 },
          { type: "tls", port: 0, ...readCertificate(authority.issue("server")) },
        ],
      });
    });

    afterAll(async () => {
      await broker[Symbol.asyncDispose]();
      authority[Symbol.dispose]();
      stranger[Symbol.dispose]();
    });

    /** The server, as seen through its TLS listener. */
    function overTls({ server }: TestServer): Pick<TestServer, "server" | "port"> {
      return { server, port: portOf(server, "tls") };
    }

    it.each(MOSQUITTO_VERSIONS)("deliver in %s", async (version) => {
      const trust = words`--cafile ${authority.certificateFile}`;
      const args = words`-V ${version} -t tls/${version} -q 2 ${trust}`;
      const subscriber = await mosquittoSub(overTls(broker), words`${args} -C 1`);
      await mosquittoPub(overTls(broker), words`${args} -m secret`);
      expect(await subscriber.succeeded()).toBe("secret\n");
    });

    it.each(["tlsv1.2", "tlsv1.3"])("speak %s", async (tlsVersion) => {
      const trust = words`--cafile ${authority.certificateFile} --tls-version ${tlsVersion}`;
      const args = words`-t tls/${tlsVersion} -q 1 ${trust}`;
      const subscriber = await mosquittoSub(overTls(broker), words`${args} -C 1`);
      await mosquittoPub(overTls(broker), words`${args} -s`, "a".repeat(200_000));
      expect((await subscriber.succeeded()).length).toBe(200_001);
    });

    it("do not trust a server that another authority has signed", async () => {
      const trust = words`--cafile ${stranger.certificateFile}`;
      const { port } = overTls(broker);
      const publisher = startProgram(
        "mosquitto_pub",
        words`-h 127.0.0.1 -p ${port} ${trust} -t tls -m x`,
      );
      const { code, errors } = await publisher.ended;
      expect(code).not.toBe(0);
      expect(errors).toContain("TLS error");
    });

    describe("with client certificates", () => {
      let strict: TestServer;

      beforeAll(async () => {
        const credentials = readCertificate(authority.issue("strict-server"));
        const ca = authority.certificate;
        strict = await startTestServer({
          listeners: [
            { type: "tcp", port: 0 },
            { type: "websocket", port: 0 },
            { type: "tls", port: 0, ...credentials, ca, requestCert: true },
          ],
        });
      });

      afterAll(() => strict[Symbol.asyncDispose]());

      it("come in with one of ours, and the server knows whose it is", async () => {
        const connected = serverEvent(strict.server, "clientConnected", () => true);
        const { port } = overTls(strict);
        const trust = words`--cafile ${authority.certificateFile}`;
        const own = words`--cert ${client.cert} --key ${client.key}`;
        await mosquittoPub({ port }, words`-V mqttv5 -q 1 -t tls -m x ${trust} ${own}`);
        const { peer } = await connected;
        expect(peer).toMatchObject({
          transport: "tls",
          secure: true,
          certificate: { subject: { CN: "device-7" } },
        });
      });

      it.each([
        ["none", () => []],
        ["one of another authority", () => words`--cert ${impostor.cert} --key ${impostor.key}`],
      ])("stay outside with %s", async (_which, own) => {
        const before = strict.server.statistics.connectionsTotal;
        const { port } = overTls(strict);
        const trust = words`--cafile ${authority.certificateFile}`;
        const publisher = startProgram(
          "mosquitto_pub",
          words`-h 127.0.0.1 -p ${port} ${trust} ${own()} -q 1 -t tls -m x`,
        );
        const { code } = await publisher.ended;
        expect(code).not.toBe(0);
        expect(strict.server.statistics.connectionsTotal).toBe(before);
      });
    });
  },
);
