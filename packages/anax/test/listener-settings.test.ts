import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UsageError } from "../src/errors.ts";
import { parseFlags } from "../src/flags/parse-flags.ts";
import { listenerSettings } from "../src/serving/listener-settings.ts";
import { Listeners } from "../src/serving/listeners.ts";
import { SERVE_FLAGS } from "../src/serving/serve-flags.ts";
import { makeCertificates } from "./support/certificates.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const AS_FLAGS = ["--tls-port", "8883", "--cert", "c.pem", "--key", "k.pem"];
const AS_MAP = "type: tls, cert: c.pem, key: k.pem";

describe("what of TLS has no effect alone", () => {
  it.each([
    [["--request-cert"], "--request-cert needs --ca"],
    [["--ca", "ca.pem", "--crl", "crl.pem"], "--crl needs --request-cert"],
    [["--host-cert", "h.pem"], "each --host-cert needs a --host-key"],
  ])("is refused by the names of the flags: %j", (flags, said) => {
    const settings = (): unknown =>
      listenerSettings(parseFlags([...AS_FLAGS, ...flags], SERVE_FLAGS).values);
    expect(settings).toThrow(UsageError);
    expect(settings).toThrow(new RegExp(`^${said}$`));
  });

  it.each([
    ["request-cert: true", "request-cert needs ca"],
    ["ca: ca.pem, crl: crl.pem", "crl needs request-cert"],
    ["host-cert: h.pem", "each host-cert needs a host-key"],
  ])("is refused by the names of the keys: %s", (keys, said) => {
    const settings = (): unknown =>
      parseFlags(["--listener", `{${AS_MAP}, ${keys}}`], SERVE_FLAGS).values;
    expect(settings).toThrow(UsageError);
    expect(settings).toThrow(new RegExp(`^--listener: ${said}$`));
  });
});

describe("the keys of tickets", () => {
  const folder = temporaryFolder();
  const { server } = makeCertificates(folder);
  const tls = ["--tls-port", "0", "--cert", server.cert, "--key", server.key];
  const optionsOf = (flags: string[]): unknown =>
    new Listeners(listenerSettings(parseFlags(flags, SERVE_FLAGS).values), 1).options;

  it.each([16, 48])("are made from a file of 48 bytes, and of no other length: %i", (length) => {
    const path = join(folder, `tickets-${length}`);
    writeFileSync(path, Buffer.alloc(length, 5));
    const keys = ["--ticket-keys", path, "--ticket-rotation", "600"];
    const map = `{type: tls, cert: ${server.cert}, key: ${server.key}, ticket-keys: ${path}, ticket-rotation: 600}`;
    for (const flags of [
      [...tls, "--no-tcp", ...keys],
      ["--listener", map],
    ]) {
      if (length === 48) {
        const expected = { ticketKeys: Buffer.alloc(48, 5), ticketRotationSeconds: 600 };
        expect(optionsOf(flags)).toMatchObject([expected]);
      } else {
        expect(() => optionsOf(flags)).toThrow(
          `--ticket-keys ${path} has 16 bytes; it must have 48`,
        );
      }
    }
  });
});
