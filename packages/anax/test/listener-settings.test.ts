import { describe, expect, it } from "vitest";
import { UsageError } from "../src/errors.ts";
import { parseFlags } from "../src/flags/parse-flags.ts";
import { listenerSettings } from "../src/serving/listener-settings.ts";
import { SERVE_FLAGS } from "../src/serving/serve-flags.ts";

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
