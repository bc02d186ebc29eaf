/**
 * The format of `-F`, as mosquitto_sub has it: `%` and a letter for a part of the message, `@` and a
 * letter for a part of the time, `\` and a letter for a character. It is compiled once.
 */
import { UsageError } from "../errors.ts";
import { visiblePayload, visibleText } from "../visible-text.ts";
import type { JsonIndent } from "./json-message.ts";
import { mosquittoJson, mosquittoJsonInJson } from "./json-message.ts";
import { isoTime, timePart, unixTime } from "./local-time.ts";
import type { MessagePrinter, ReceivedMessage } from "./received-message.ts";
import { hexOf } from "./received-message.ts";

/** One part of a format: fixed, or made of a message. */
type Piece = string | MessagePrinter;

/** A letter behind `%`. */
interface Specifier {
  readonly help: string;
  /** Whether `%010l` fills up with zeroes. */
  readonly isNumber?: boolean;
  print(message: ReceivedMessage, timeMs: number, indent: JsonIndent): string | Uint8Array;
}

/** All letters behind `%`. */
export const FORMAT_SPECIFIERS: Readonly<Record<string, Specifier>> = {
  "%": { help: "a percent sign", print: () => "%" },
  t: { help: "topic", print: ({ topic }) => topic },
  p: { help: "payload, byte by byte", print: ({ payload }) => payload },
  x: {
    help: "payload as hexadecimal digits, lower case",
    isNumber: true,
    print: ({ payload }) => hexOf(payload),
  },
  X: {
    help: "payload as hexadecimal digits, upper case",
    isNumber: true,
    print: ({ payload }) => hexOf(payload).toUpperCase(),
  },
  l: {
    help: "length of the payload in bytes",
    isNumber: true,
    print: ({ payload }) => String(payload.length),
  },
  q: { help: "QoS", print: ({ qos }) => String(qos) },
  r: { help: "retain flag, 0 or 1", print: ({ retain }) => (retain ? "1" : "0") },
  m: {
    help: "Packet Identifier",
    isNumber: true,
    print: ({ packetIdentifier }) => String(packetIdentifier ?? 0),
  },
  I: { help: "date and time, ISO 8601", print: (_message, timeMs) => isoTime(timeMs, "seconds") },
  U: {
    help: "seconds since 1970, with nanoseconds",
    print: (_message, timeMs) => unixTime(timeMs),
  },
  j: {
    help: "the whole message as JSON, the payload as text",
    print: (message, timeMs, indent) => mosquittoJson(message, timeMs, indent),
  },
  J: {
    help: "the whole message as JSON, the payload being JSON itself",
    print: (message, timeMs, indent) => mosquittoJsonInJson(message, timeMs, indent),
  },
  A: { help: "Topic Alias: always empty, for the topic is in full", print: () => "" },
  C: { help: "Content Type", print: ({ contentType }) => contentType ?? "" },
  D: {
    help: "Correlation Data, byte by byte",
    print: ({ correlationData }) => correlationData ?? "",
  },
  E: {
    help: "Message Expiry Interval",
    isNumber: true,
    print: ({ messageExpiryIntervalSeconds }) => numberText(messageExpiryIntervalSeconds),
  },
  F: {
    help: "Payload Format Indicator",
    isNumber: true,
    print: ({ payloadFormatIndicator }) => numberText(payloadFormatIndicator),
  },
  P: {
    help: "User Properties as key:value",
    print: ({ userProperties = [] }) =>
      userProperties.map(([key, value]) => `${key}:${value}`).join(" "),
  },
  R: { help: "Response Topic", print: ({ responseTopic }) => responseTopic ?? "" },
  S: {
    help: "Subscription Identifiers",
    isNumber: true,
    print: ({ subscriptionIdentifiers = [] }) => subscriptionIdentifiers.join(" "),
  },
};

const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\",
  "0": "\0",
  a: "\u0007",
  e: "\u001b",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/**
 * Makes a printer of a format. Throws `UsageError` for a sequence that there is not.
 * @param isVisible whether what cannot be seen in a message is printed as an escape; the format itself is the user's own
 */
export function formatPrinter(
  format: string,
  indent: JsonIndent,
  isVisible: boolean,
): MessagePrinter {
  const pieces = [...piecesOf(format, indent, isVisible)];
  return (message, timeMs) => {
    const parts = pieces.map((piece) =>
      typeof piece === "string" ? piece : piece(message, timeMs),
    );
    return joined(parts);
  };
}

const SEQUENCE =
  /%(?<flags>[-0]*)(?<width>\d*)(?:\.(?<maximum>\d+))?(?<part>.?)|@(?<time>.?)|\\(?<escape>.?)|(?<plain>[^%@\\]+)/gsu;

function* piecesOf(format: string, indent: JsonIndent, isVisible: boolean): Generator<Piece> {
  for (const { groups = {} } of format.matchAll(SEQUENCE)) {
    const { plain, time, escape } = groups;
    if (plain !== undefined) yield plain;
    else if (time !== undefined) {
      const part = timePart(time);
      yield (_message, timeMs) => part(timeMs);
    } else if (escape !== undefined) yield escaped(escape);
    else yield messagePart(groups, indent, isVisible);
  }
}

function escaped(letter: string): string {
  const character = Object.hasOwn(ESCAPES, letter) ? ESCAPES[letter] : undefined;
  if (character !== undefined) return character;
  throw new UsageError(`-F: there is no \\${letter}; there are \\\\ \\0 \\a \\e \\n \\r \\t \\v`);
}

function messagePart(
  groups: Readonly<Record<string, string | undefined>>,
  indent: JsonIndent,
  isVisible: boolean,
): MessagePrinter {
  const { flags = "", width = "", maximum, part = "" } = groups;
  const specifier = Object.hasOwn(FORMAT_SPECIFIERS, part) ? FORMAT_SPECIFIERS[part] : undefined;
  if (specifier === undefined) {
    const known = Object.keys(FORMAT_SPECIFIERS).join(" ");
    throw new UsageError(`-F: there is no %${part}; there are % with ${known}`);
  }
  const print: MessagePrinter = (message, timeMs) => {
    const value = specifier.print(message, timeMs, indent);
    return isVisible ? visible(value) : value;
  };
  if (width === "" && maximum === undefined) return print;
  const field = {
    width: Number(width),
    maximum: maximum === undefined ? Infinity : Number(maximum),
    isLeftAligned: flags.includes("-"),
    filler: flags.includes("0") && specifier.isNumber === true ? "0" : " ",
  };
  return (message, timeMs) => inField(print(message, timeMs), field);
}

/** Of text only JSON has more than one line, and it has escaped the rest. */
function visible(value: string | Uint8Array): string {
  if (typeof value !== "string") return visiblePayload(value);
  return value.includes("\n") && value.startsWith("{") ? value : visibleText(value);
}

interface Field {
  readonly width: number;
  readonly maximum: number;
  readonly isLeftAligned: boolean;
  readonly filler: string;
}

/** Bytes are padded but never cut: half a character would not be text any more. */
function inField(value: string | Uint8Array, field: Field): string | Uint8Array {
  const { width, maximum, isLeftAligned, filler } = field;
  if (typeof value !== "string") {
    const padding = " ".repeat(Math.max(0, width - value.length));
    return joined(isLeftAligned ? [value, padding] : [padding, value]);
  }
  const cut = value.slice(0, maximum);
  return isLeftAligned ? cut.padEnd(width) : cut.padStart(width, filler);
}

function joined(parts: readonly (string | Uint8Array)[]): string | Uint8Array {
  if (parts.every((part) => typeof part === "string")) return parts.join("");
  return Buffer.concat(parts.map((part) => Buffer.from(part)));
}

function numberText(value: number | undefined): string {
  return value === undefined ? "" : String(value);
}
