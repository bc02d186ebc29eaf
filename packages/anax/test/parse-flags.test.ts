import { describe, expect, it } from "vitest";
import { UsageError } from "../src/errors.ts";
import type { Flag, FlagTable } from "../src/flags/flag.ts";
import { optional, repeated, toggle, withDefault } from "../src/flags/flag.ts";
import { parseFlags } from "../src/flags/parse-flags.ts";
import { nearest } from "../src/flags/suggestion.ts";
import { bytes, choice, count, integer, name, seconds, text } from "../src/flags/value-parser.ts";

interface Values {
  readonly port: number;
  readonly message: string | undefined;
  readonly topic: readonly string[];
  readonly retain: boolean;
  readonly verbose: boolean;
  readonly maxPacketSize: number | undefined;
  readonly pair: readonly (readonly string[])[];
}

const GROUP = { group: "Flags", help: "a flag" };

const PAIR: Flag<readonly (readonly string[])[]> = {
  ...GROUP,
  short: "D",
  placeholder: "two words",
  wordCount: () => 2,
  read: (occurrences) => occurrences,
};

const TABLE: FlagTable<Values> = {
  port: withDefault(integer(0, 65_535), 1_883, { ...GROUP, short: "p" }),
  message: optional(text("text"), { ...GROUP, short: "m" }),
  topic: repeated(name("topic"), { ...GROUP, short: "t", aliases: ["subject"] }),
  retain: toggle({ ...GROUP, short: "r" }),
  verbose: toggle({ ...GROUP, short: "v" }),
  maxPacketSize: optional(bytes(1, 1_000_000), GROUP),
  pair: PAIR,
};

function parse(...args: string[]): Values {
  return parseFlags(args, TABLE).values;
}

function refusal(...args: string[]): string {
  try {
    parse(...args);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("parseFlags", () => {
  it("gives defaults, undefined, empty lists and false for what is not there", () => {
    expect(parse()).toEqual({
      port: 1_883,
      message: undefined,
      topic: [],
      retain: false,
      verbose: false,
      maxPacketSize: undefined,
      pair: [],
    });
  });

  it("takes long, short, joined and inline forms", () => {
    expect(parse("--port", "1", "-m", "x").port).toBe(1);
    expect(parse("-p", "2").port).toBe(2);
    expect(parse("-p3").port).toBe(3);
    expect(parse("--port=4").port).toBe(4);
    expect(parse("--max-packet-size", "64k").maxPacketSize).toBe(65_536);
    expect(parse("--subject", "a", "-t", "b").topic).toEqual(["a", "b"]);
  });

  it("takes several switches in one word", () => {
    expect(parse("-rv")).toMatchObject({ retain: true, verbose: true });
  });

  it("refuses a flag of one value that is given twice", () => {
    expect(refusal("--port", "1", "-p", "2")).toBe("-p is given 2 times; it takes one value");
    expect(refusal("-m", "a", "-m", "a", "-m", "a")).toContain("-m is given 3 times");
    expect(parse("-r", "-r").retain).toBe(true);
  });

  it("says of an empty value that it is empty", () => {
    expect(refusal("-t", "")).toBe('-t "" is empty; it needs a value: <topic>');
    expect(refusal("--port=")).toBe('--port "" is empty; it needs a value: <number>');
  });

  it("takes a value that looks like a flag", () => {
    expect(parse("-m", "-5").message).toBe("-5");
    expect(parse("-m", "--port").message).toBe("--port");
    expect(parse("-m", "").message).toBe("");
  });

  it("takes flags of several words, whatever the words look like", () => {
    const { pair, port, retain } = parse("-r", "-D", "-p", "--port", "-p", "9", "-D", "a", "b");
    expect({ pair, port, retain }).toEqual({
      pair: [
        ["-p", "--port"],
        ["a", "b"],
      ],
      port: 9,
      retain: true,
    });
  });

  it("gives the words that belong to no flag", () => {
    expect(parseFlags(["one", "-r", "two", "--", "-v"], TABLE).positionals).toEqual([
      "one",
      "two",
      "-v",
    ]);
  });

  it("does not check anything else when help is wanted", () => {
    expect(parseFlags(["--port", "x", "--help"], TABLE).isHelpWanted).toBe(true);
  });

  it("suggests the flag that was meant", () => {
    expect(refusal("--prot", "1")).toBe("there is no flag --prot; did you mean --port?");
    expect(refusal("--hlep")).toBe("there is no flag --hlep; did you mean --help?");
    expect(refusal("-z")).toBe("there is no flag -z; see --help");
  });

  it("refuses a missing value, a value too many, and a value that is none", () => {
    expect(refusal("--port")).toBe("--port needs a value: <number>");
    expect(refusal("--retain=yes")).toBe("--retain takes no value");
    expect(refusal("-p", "65536")).toBe('-p "65536" is not a whole number from 0 to 65535');
    expect(refusal("-p", "1e3")).toBe('-p "1e3" is not a whole number from 0 to 65535');
  });
});

describe("value parsers", () => {
  it("read sizes with units of 1024", () => {
    const size = bytes(0, 2_147_483_648);
    expect(["7", "2k", "3M", "1g", "4kb"].map((given) => size.parse(given))).toEqual([
      7, 2_048, 3_145_728, 1_073_741_824, 4_096,
    ]);
    expect(["k", "-1", "1t", "3g", "1.5k"].map((given) => size.parse(given))).toEqual(
      Array.from({ length: 5 }, () => undefined),
    );
  });

  it("read seconds with fractions, no longer than a timer can wait", () => {
    const span = seconds(0.001);
    expect(["0.5", "10", "2147483"].map((given) => span.parse(given))).toEqual([
      0.5, 10, 2_147_483,
    ]);
    expect(["0", "-1", "2147484", "1s", ""].map((given) => span.parse(given))).toEqual(
      Array.from({ length: 5 }, () => undefined),
    );
  });

  it("know only the words of a choice, not what every object has", () => {
    const words = choice({ on: 1, off: 0 });
    expect(words.parse("off")).toBe(0);
    expect(words.parse("toString")).toBeUndefined();
    expect(words.expected).toBe("one of on, off");
  });

  it("say that a number has no upper limit", () => {
    expect(count(1).expected).toBe("a whole number from 1 on");
  });
});

describe("nearest", () => {
  it.each([
    ["serev", "serve"],
    ["pubs", "pub"],
    ["paswd", "passwd"],
    ["dem", "demo"],
  ])("finds for %s the word %s", (given, meant) => {
    expect(nearest(given, ["serve", "pub", "sub", "demo", "bench", "passwd"])).toBe(meant);
  });

  it("finds nothing for what resembles nothing", () => {
    expect(nearest("frobnicate", ["serve", "pub", "sub"])).toBeUndefined();
  });
});
