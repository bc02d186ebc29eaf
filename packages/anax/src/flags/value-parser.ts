/** How the text behind a flag becomes a value. */
import { isIP } from "node:net";

/** JSON Schema of one value. */
export type JsonSchema = Readonly<Record<string, unknown>>;

const TEXT_SCHEMA: JsonSchema = { type: "string", minLength: 1 };

/** Reads one kind of value. */
export interface ValueParser<Value> {
  /** Stands for the value in the help: `<number>`. */
  readonly placeholder: string;
  /** What is expected, for the message when something else was given. */
  readonly expected: string;
  /** The same as JSON Schema, for editors. */
  readonly schema: JsonSchema;
  /** Undefined if the text is no such value. */
  parse(text: string): Value | undefined;
}

/** Any text, shown in the help as `placeholder`. */
export function text(placeholder: string): ValueParser<string> {
  return { placeholder, expected: "a text", schema: { type: "string" }, parse: (given) => given };
}

/** A text that is not empty, such as the name of a file. */
export function name(placeholder: string): ValueParser<string> {
  return {
    placeholder,
    expected: "a text that is not empty",
    schema: TEXT_SCHEMA,
    parse: (given) => given || undefined,
  };
}

/** The beginning of a Topic Name [MQTT-4.7.1-1]. */
export const TOPIC_PREFIX: ValueParser<string> = {
  placeholder: "topic",
  expected: "the beginning of a topic, which is not empty and has no + #",
  schema: TEXT_SCHEMA,
  parse: (given) => (given === "" || /[+#\0]/.test(given) ? undefined : given),
};

/** A ShareName [MQTT-4.8.2-2]. */
export const SHARE_NAME: ValueParser<string> = {
  placeholder: "name",
  expected: "a ShareName, which is not empty and has no / + #",
  schema: TEXT_SCHEMA,
  parse: (given) => (given === "" || /[/+#]/.test(given) ? undefined : given),
};

/** The path of a WebSocket URL; the slash that it begins with may be left out. */
export const URL_PATH: ValueParser<string> = {
  placeholder: "path",
  expected: "a path such as /mqtt",
  schema: TEXT_SCHEMA,
  parse: (given) => (given === "" || given.startsWith("/") ? given : `/${given}`) || undefined,
};

/** An IP address, or a range of them. */
export const ADDRESS_RANGE: ValueParser<string> = {
  placeholder: "address",
  expected: "an IP address or range such as 10.0.0.0/8",
  schema: TEXT_SCHEMA,
  parse: (given) => {
    const [, address = "", prefix = "0"] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(given) ?? [];
    const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
    return Number(prefix) <= bits ? given : undefined;
  },
};

/** A whole number within limits. */
export function integer(
  minimum: number,
  maximum: number,
  placeholder = "number",
): ValueParser<number> {
  return {
    placeholder,
    expected: `a whole number ${range(minimum, maximum)}`,
    schema: { type: "integer", minimum, maximum },
    parse: (given) => {
      const value = /^\d+$/.test(given) ? Number(given) : NaN;
      return value >= minimum && value <= maximum ? value : undefined;
    },
  };
}

/** In words; without an upper end where there is none that anybody reaches. */
function range(minimum: number, maximum: number): string {
  return maximum === Number.MAX_SAFE_INTEGER
    ? `from ${minimum} on`
    : `from ${minimum} to ${maximum}`;
}

/** A whole number from `minimum` on. */
export function count(minimum: number, placeholder = "number"): ValueParser<number> {
  return integer(minimum, Number.MAX_SAFE_INTEGER, placeholder);
}

const BYTES_PER_UNIT: Readonly<Record<string, number>> = {
  "": 1,
  k: 1_024,
  m: 1_048_576,
  g: 1_073_741_824,
};

const BYTES_SCHEMA: JsonSchema = { type: ["integer", "string"], pattern: "^\\d+[kKmMgG]?[bB]?$" };

/** A number of bytes, with k, m or g for powers of 1024. */
export function bytes(minimum: number, maximum: number): ValueParser<number> {
  return {
    placeholder: "bytes",
    expected: `a number of bytes ${range(minimum, maximum)}, such as 512, 64k or 1m`,
    schema: BYTES_SCHEMA,
    parse: (given) => parseBytes(given, minimum, maximum),
  };
}

/** From so many bytes to so many. */
export interface ByteRange {
  readonly least: number;
  readonly most: number;
}

/** A number of bytes, or two with a hyphen between them. */
export function byteRange(minimum: number, maximum: number): ValueParser<ByteRange> {
  return {
    placeholder: "bytes",
    expected: `a number of bytes ${range(minimum, maximum)}, or a range such as 16-400`,
    schema: { type: ["integer", "string"] },
    parse: (given) => {
      const [from = "", to = from, ...more] = given.split("-");
      const least = parseBytes(from, minimum, maximum);
      const most = parseBytes(to, minimum, maximum);
      if (least === undefined || most === undefined || least > most || more.length > 0)
        return undefined;
      return { least, most };
    },
  };
}

function parseBytes(given: string, minimum: number, maximum: number): number | undefined {
  const [, digits, unit = ""] = /^(\d+)([kmg]?)b?$/i.exec(given) ?? [];
  const value = Number(digits) * (BYTES_PER_UNIT[unit.toLowerCase()] ?? NaN);
  return value >= minimum && value <= maximum ? value : undefined;
}

/** A number of seconds, fractions allowed; no more than a timer can wait. */
export function seconds(minimum: number, placeholder = "seconds"): ValueParser<number> {
  return {
    placeholder,
    expected: `a number of seconds from ${minimum} to ${SECONDS_MAX}`,
    schema: { type: "number", minimum, maximum: SECONDS_MAX },
    parse: (given) => {
      const value = /^\d+(\.\d+)?$/.test(given) ? Number(given) : NaN;
      return value >= minimum && value <= SECONDS_MAX ? value : undefined;
    },
  };
}

/** What a timer takes, 2^31 - 1 milliseconds, in whole seconds. */
const SECONDS_MAX = 2_147_483;

/** One of several words, each of which means a value. */
export function choice<Value>(values: Readonly<Record<string, Value>>): ValueParser<Value> {
  const words = Object.keys(values);
  return {
    placeholder: words.join("|"),
    expected: `one of ${words.join(", ")}`,
    schema: { enum: words.map((word) => (/^\d+$/.test(word) ? Number(word) : word)) },
    parse: (given) => (Object.hasOwn(values, given) ? values[given] : undefined),
  };
}

/** Permissions of a file. */
export const FILE_MODE: ValueParser<number> = {
  placeholder: "mode",
  expected: "an octal number such as 660",
  schema: { type: ["integer", "string"], pattern: "^0?[0-7]{3}$" },
  parse: (given) => (/^0?[0-7]{3}$/.test(given) ? Number.parseInt(given, 8) : undefined),
};
