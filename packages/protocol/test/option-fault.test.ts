import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { optionFault, showValue } from "@anax/protocol";
import type { OptionRules } from "@anax/protocol";

const RULES: OptionRules = {
  qos: [0, 2],
  retain: "boolean",
  password: "string|Uint8Array|function",
  overflow: new Set(["dropOldest", "error"]),
  signal: "AbortSignal",
  extra: "unknown",
  tls: { ca: "string|Array" },
  connectionsMax: [1, 9],
  queueBytesMax: [1, 9],
  reconnect: { delayMaxMs: [1, 9] },
  topic: (value) => (value === "a" ? undefined : "is no topic"),
};

describe("optionFault", () => {
  it.each([
    {},
    { qos: 2, retain: false, overflow: "error", extra: Symbol.iterator },
    { password: "x" },
    { password: async () => "x" },
    { password: Buffer.from("x") },
    { signal: AbortSignal.abort() },
    { tls: { ca: ["x"] } },
    { qos: undefined, retain: null, tls: null },
    { topic: "a" },
    Object.create(null),
    new (class {
      readonly qos = 1;
    })(),
    runInNewContext("({ tls: { ca: [] }, password: new Uint8Array(1) })"),
  ])("finds nothing wrong with %o", (options) => {
    expect(optionFault(options, RULES)).toBeUndefined();
  });

  it.each([
    [{ retained: true }, 'unknown option "retained", only qos retain password'],
    [{ constructor: 1 }, 'unknown option "constructor", only'],
    [Object.create({ QoS: 1 }), 'unknown option "QoS", it is called qos'],
    [{ maximumConnections: 1 }, 'unknown option "maximumConnections", it is called connectionsMax'],
    [{ queuedBytesMax: 1 }, 'unknown option "queuedBytesMax", it is called queueBytesMax'],
    [{ reconnect: { maximumDelayMs: 1 } }, "in reconnect, it is called delayMaxMs"],
    [{ tls: { pfx: 1 } }, 'unknown option "pfx" in tls, only ca'],
    [{ tls: { ca: 5 } }, "tls.ca must be of type string or Array, not number"],
    [{ tls: "yes" }, "tls must be an object, not string"],
    [{ tls: Promise.resolve() }, "tls must be an object, not Promise"],
    [{ qos: 3 }, "qos 3 is not an integer from 0 to 2"],
    [{ qos: NaN }, "qos NaN is not an integer from 0 to 2"],
    [{ qos: "1" }, "qos of type string is not an integer from 0 to 2"],
    [{ retain: "yes" }, "retain must be of type boolean, not string"],
    [{ password: 1234 }, "password must be of type string or Uint8Array or function, not number"],
    [{ overflow: "drop" }, 'overflow "drop" is not one of "dropOldest" "error"'],
    [{ signal: {} }, "signal must be of type AbortSignal, not Object"],
    [{ topic: "a/#" }, "topic is no topic"],
    [5, "options must be an object, not number"],
    [null, "options must be an object, not Null"],
    [[], "options must be an object, not Array"],
    [() => 1, "options must be an object, not function"],
    [new Map([["qos", 1]]), "options must be an object, not Map"],
  ])("of %o is that %s", (options, fault) => {
    expect(optionFault(options, RULES)).toContain(fault);
  });

  it("shows no value that may be a secret", () => {
    for (const password of [271_828, { pin: 271_828 }, [271_828]]) {
      expect(optionFault({ password }, RULES)).not.toContain("271828");
    }
  });
});

it("a long text is shown by its beginning", () => {
  expect(showValue("a\u0007")).toBe(String.raw`"a\u0007"`);
  expect(showValue("x".repeat(65_536))).toBe(`"${"x".repeat(80)}"... (65536 characters)`);
  expect(showValue(7)).toBe("7");
  expect(showValue(undefined)).toBe("undefined");
});
