import { describe, expect, it } from "vitest";
import { CommandError, UsageError } from "../src/errors.ts";
import { jsonPrinter } from "../src/subscribing/json-message.ts";
import { isoTime, timePart, unixTime } from "../src/subscribing/local-time.ts";
import { FORMAT_SPECIFIERS, formatPrinter } from "../src/subscribing/message-format.ts";
import type { ReceivedMessage } from "../src/subscribing/received-message.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const PLAIN: ReceivedMessage = {
  topic: "plants/7",
  payload: bytes("dry"),
  qos: 1,
  retain: true,
  packetIdentifier: 9,
  contentType: undefined,
  responseTopic: undefined,
  correlationData: undefined,
  userProperties: undefined,
  subscriptionIdentifiers: undefined,
  messageExpiryIntervalSeconds: undefined,
  payloadFormatIndicator: undefined,
};

const RICH: ReceivedMessage = {
  ...PLAIN,
  contentType: "text/plain",
  responseTopic: "answers",
  correlationData: bytes("c1"),
  userProperties: [
    ["k", "v"],
    ["k", "w"],
  ],
  subscriptionIdentifiers: [3, 4],
  messageExpiryIntervalSeconds: 60,
  payloadFormatIndicator: 1,
};

/** 2026-02-03 04:05:06.789012 in the time zone of the machine. */
const TIME_MS = new Date(2026, 1, 3, 4, 5, 6, 789).getTime() + 0.0125;

function print(format: string, message: ReceivedMessage = PLAIN): string {
  const printed = formatPrinter(format, 0, false)(message, TIME_MS);
  return typeof printed === "string" ? printed : new TextDecoder().decode(printed);
}

describe("formatPrinter", () => {
  it.each([
    ["%t|%p|%q|%r|%m|%l", "plants/7|dry|1|1|9|3"],
    ["%x %X", "647279 647279"],
    ["100%%", "100%"],
    ["%A|%C|%D|%E|%F|%P|%R|%S", "|||||||"],
    ["plain text", "plain text"],
    ["", ""],
    ["a\\tb\\n\\\\\\0\\e", "a\tb\n\\\0\u001b"],
    ["@@ me", "@ me"],
  ])("prints %j as %j", (format, expected) => {
    expect(print(format)).toBe(expected);
  });

  it("prints the properties", () => {
    expect(print("%C|%D|%E|%F|%P|%R|%S", RICH)).toBe("text/plain|c1|60|1|k:v k:w|answers|3 4");
  });

  it.each([
    ["%10t|", "  plants/7|"],
    ["%-10t|", "plants/7  |"],
    ["%.3t|", "pla|"],
    ["%5.3t|", "  pla|"],
    ["%05l|", "00003|"],
    ["%-05l|", "3    |"],
    ["%010t|", "  plants/7|"],
    ["%5p|", "  dry|"],
    ["%-5p|", "dry  |"],
    ["%08x|", "00647279|"],
  ])("fits %j into its field", (format, expected) => {
    expect(print(format)).toBe(expected);
  });

  it("keeps payloads byte by byte", () => {
    const message = { ...PLAIN, payload: new Uint8Array([0xff, 0]) };
    expect(formatPrinter("<%p>", 0, false)(message, 0)).toEqual(Buffer.from([0x3c, 0xff, 0, 0x3e]));
  });

  it("prints times in the time zone of the machine", () => {
    expect(print("@Y-@m-@d @H:@M:@S.@N")).toBe("2026-02-03 04:05:06.789012000");
    expect(print("@F @T @R @y @e @j @I @p")).toBe("2026-02-03 04:05:06 04:05 26  3 034 04 AM");
    expect(print("@a @A @b @B @u @w")).toBe("Tue Tuesday Feb February 2 2");
    expect(print("%I")).toMatch(/^2026-02-03T04:05:06[+-]\d{4}$/);
    expect(print("%U")).toBe(`${Math.floor(TIME_MS / 1_000)}.789012000`);
    expect(print("@s@z")).toMatch(/^\d+[+-]\d{4}$/);
  });

  it("prints mosquitto's JSON", () => {
    expect(JSON.parse(print("%j", RICH))).toEqual({
      tst: expect.stringMatching(/^2026-02-03T04:05:06\.789012[+-]\d{4}$/),
      topic: "plants/7",
      qos: 1,
      retain: 1,
      payloadlen: 3,
      mid: 9,
      properties: {
        "subscription-identifier": 4,
        "payload-format-indicator": 1,
        "message-expiry-interval": 60,
        "content-type": "text/plain",
        "response-topic": "answers",
        "correlation-data": "c1",
        "user-properties": { k: ["v", "w"] },
      },
      payload: "dry",
    });
    expect(JSON.parse(print("%j"))).not.toHaveProperty("properties");
  });

  it("prints a JSON payload as JSON, and refuses another one", () => {
    expect(JSON.parse(print("%J", { ...PLAIN, payload: bytes("[1]") }))).toMatchObject({
      payload: [1],
    });
    expect(() => print("%J")).toThrow(CommandError);
  });

  it("lays JSON out over several lines", () => {
    expect(formatPrinter("%j", 2, false)(PLAIN, TIME_MS)).toMatch(/^\{\n {2}"tst"/);
    expect(jsonPrinter(2)(PLAIN, TIME_MS)).toMatch(/^\{\n {2}"time"/);
  });

  it.each(["%z", "%", "@q", "@", "\\q", "\\", "%5"])(
    "refuses %j, which means nothing",
    (format) => {
      expect(() => formatPrinter(format, 0, false)).toThrow(UsageError);
    },
  );

  it("explains each part", () => {
    for (const { help } of Object.values(FORMAT_SPECIFIERS)) expect(help).not.toBe("");
  });
});

describe("jsonPrinter", () => {
  it("names the properties as the client does", () => {
    expect(JSON.parse(String(jsonPrinter(0)(RICH, Date.UTC(2026, 1, 3))))).toEqual({
      time: "2026-02-03T00:00:00.000Z",
      topic: "plants/7",
      payload: "dry",
      qos: 1,
      retain: true,
      packetIdentifier: 9,
      payloadFormatIndicator: 1,
      messageExpiryIntervalSeconds: 60,
      contentType: "text/plain",
      responseTopic: "answers",
      correlationData: "c1",
      userProperties: [
        ["k", "v"],
        ["k", "w"],
      ],
      subscriptionIdentifiers: [3, 4],
    });
  });

  it("gives what is no UTF-8 in base 64", () => {
    const message = {
      ...PLAIN,
      payload: new Uint8Array([0xff]),
      correlationData: new Uint8Array([0xfe]),
    };
    const printed: unknown = JSON.parse(String(jsonPrinter(0)(message, 0)));
    expect(printed).toMatchObject({ payloadBase64: "/w==", correlationDataBase64: "/g==" });
    expect(printed).not.toHaveProperty("payload");
  });

  it("keeps a byte order mark, which belongs to the payload", () => {
    const message = { ...PLAIN, payload: bytes("\ufeffx") };
    expect(JSON.parse(String(jsonPrinter(0)(message, 0)))).toMatchObject({ payload: "\ufeffx" });
  });
});

describe("local time", () => {
  it("counts the days of a year", () => {
    const lastDay = new Date(2024, 11, 31, 23).getTime();
    expect(timePart("j")(lastDay)).toBe("366");
  });

  it("writes afternoon and midnight on a clock of twelve hours", () => {
    const at = (hour: number): number => new Date(2026, 0, 1, hour).getTime();
    expect([0, 12, 15].map((hour) => timePart("I")(at(hour)) + timePart("p")(at(hour)))).toEqual([
      "12AM",
      "12PM",
      "03PM",
    ]);
  });

  it("fills fractions with zeroes", () => {
    expect(unixTime(1_000.001)).toBe("1.000001000");
    expect(isoTime(new Date(2026, 0, 1).getTime(), "microseconds")).toContain("T00:00:00.000000");
  });
});
