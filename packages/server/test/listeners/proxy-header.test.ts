import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readProxyHeader } from "../../src/listeners/proxy-header.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

function field(type: number, value: Uint8Array | string): Uint8Array {
  const bytes = typeof value === "string" ? text(value) : value;
  return Uint8Array.of(type, bytes.length >> 8, bytes.length & 0xff, ...bytes);
}

/** A header of version 2: command, family, and what follows the first 16 bytes. */
function version2(command: number, family: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const rest = Buffer.concat(parts);
  const signature = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];
  const head = [0x20 | command, family, rest.length >> 8, rest.length & 0xff];
  return Uint8Array.of(...signature, ...head, ...rest);
}

const INET = Uint8Array.of(203, 0, 113, 7, 192, 0, 2, 1, 0xd9, 0x03, 0x07, 0x5b);
const CLIENT = {
  remoteAddress: "203.0.113.7",
  remotePort: 55_555,
  localAddress: "192.0.2.1",
  localPort: 1_883,
};
const LINE = "PROXY TCP4 203.0.113.7 192.0.2.1 55555 1883\r\n";

/** The field of TLS: what the client did, whether its certificate was refused, and the fields inside. */
function ssl(client: number, refused: number, ...inner: readonly Uint8Array[]): Uint8Array {
  return field(0x20, Buffer.concat([Uint8Array.of(client, 0, 0, 0, refused), ...inner]));
}

const INNER = [
  field(0x21, "TLSv1.3"),
  field(0x23, "TLS_AES_256_GCM_SHA384"),
  field(0x22, "lamp-7"),
];
const TLS = { protocol: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384" };

describe("a header of the PROXY protocol", () => {
  it.each([
    ["version 1 over IPv4", text(LINE), CLIENT],
    [
      "version 1 over IPv6",
      text("PROXY TCP6 2001:db8::1 ::1 1 65535\r\n"),
      { remoteAddress: "2001:db8::1", remotePort: 1, localAddress: "::1", localPort: 65_535 },
    ],
    ["version 1 of nobody known", text("PROXY UNKNOWN ffff::1 ::1 1 2\r\n"), undefined],
    ["version 2 over IPv4", version2(1, 0x11, INET), CLIENT],
    [
      "version 2 over IPv6",
      version2(
        1,
        0x21,
        Uint8Array.of(0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
        Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1),
        Uint8Array.of(0, 1, 0, 2),
      ),
      { remoteAddress: "2001:db8::1", remotePort: 1, localAddress: "10.0.0.1", localPort: 2 },
    ],
    ["version 2 of the proxy itself", version2(0, 0x11, INET), undefined],
    ["version 2 of a unix socket", version2(1, 0x31, new Uint8Array(216)), {}],
    ["version 2 with fields that are not known", version2(1, 0x11, INET, field(4, "xx")), CLIENT],
    [
      "version 2 with TLS and a certificate",
      version2(1, 0x11, INET, field(2, "iot.example.com"), ssl(0x07, 0, ...INNER)),
      { ...CLIENT, tls: { ...TLS, serverName: "iot.example.com" }, certificateName: "lamp-7" },
    ],
    [
      "version 2 with a certificate that was not verified",
      version2(1, 0x11, INET, ssl(0x07, 1, ...INNER)),
      { ...CLIENT, tls: TLS },
    ],
    [
      "version 2 with TLS without a certificate",
      version2(1, 0x11, INET, ssl(0x01, 0, ...INNER)),
      { ...CLIENT, tls: TLS },
    ],
    ["version 2 without TLS", version2(1, 0x11, INET, ssl(0, 0)), CLIENT],
  ])("%s is read, once it is whole, and not a byte more", (_name, bytes, client) => {
    for (let length = 0; length < bytes.length; length += 1)
      expect(readProxyHeader(bytes.subarray(0, length)), `${length} bytes`).toBeUndefined();
    const more = Buffer.concat([bytes, text("more")]);
    expect(readProxyHeader(more)).toEqual({ bytes: bytes.length, client });
  });

  it.each([
    ["MQTT", Uint8Array.of(0x10, 0x0c), "does not begin with a header"],
    ["a line without CR", text("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n"), "does not end with CR LF"],
    ["a line without end", text(`PROXY TCP4 ${"1".repeat(100)}`), "longer than 107 bytes"],
    ["a family of the other version", text("PROXY TCP4 ::1 ::1 1 2\r\n"), "its line is"],
    ["a port that is too high", text("PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n"), "its line is"],
    ["one part more", text("PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n"), "its line is"],
    ["another version", version2(0, 0x11, INET).map((byte, at) => (at === 12 ? 0x31 : byte)), "3"],
    ["another command", version2(2, 0x11, INET), "command 2"],
    ["too little for an address", version2(1, 0x11, INET.subarray(1)), "11 bytes"],
    ["far too much", version2(1, 0x11, new Uint8Array(4_097)), "4097 bytes, and 4096 are read"],
    ["a field cut off", version2(1, 0x11, INET, field(4, "xx").subarray(0, 4)), "cut off"],
    ["a short field of TLS", version2(1, 0x11, INET, field(0x20, "xx")), "TLS is cut off"],
    [
      "a name that is no UTF-8",
      version2(1, 0x11, INET, ssl(0x07, 0, field(0x22, Uint8Array.of(0xff)))),
      "no UTF-8",
    ],
  ])("is refused with words: %s", (_name, bytes, words) => {
    expect(() => readProxyHeader(bytes)).toThrow(words);
  });

  it("is read, waited for or refused in words, whatever comes", () => {
    const beginning = fc.constantFrom(version2(1, 0x11, INET), version2(1, 0x21), text(LINE));
    const cut = fc.tuple(beginning, fc.nat(60), fc.uint8Array({ maxLength: 300 }));
    fc.assert(
      fc.property(cut, ([bytes, length, rest]) => {
        const given = Buffer.concat([bytes.subarray(0, length), rest]);
        try {
          const header = readProxyHeader(given);
          expect(header?.bytes ?? 0).toBeLessThanOrEqual(given.length);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
          expect((error as Error).name).toBe("Error");
        }
      }),
      { numRuns: 300 },
    );
  });
});
