/**
 * The notation in which scenarios write bytes, both those they send and those they expect.
 *
 * It knows lengths and nothing else of MQTT, on purpose: it shares no code with the codec under
 * test, so that a mistake in the codec cannot hide itself here.
 *
 * | written        | means                                                                   |
 * |----------------|-------------------------------------------------------------------------|
 * | `82 0A0B`      | bytes in hexadecimal                                                    |
 * | `"a/b"`        | a string: two bytes of length, then its UTF-8                           |
 * | `'hello'`      | the UTF-8 of the text without a length                                  |
 * | `{ … }`        | a Variable Byte Integer that counts the bytes inside, then those bytes  |
 * | `[ … ]`        | a two byte length, then the bytes inside                                |
 * | `<5.0 \| 3.1.1>` | the left part for MQTT 5.0, the right (or nothing) for MQTT 3.1.1      |
 * | `..`           | expected only: any one byte                                             |
 * | `name:2`       | expected only: two bytes, given back under that name                    |
 * | `*`            | expected only: whatever is left of the group or the packet              |
 */

/** The two versions of the protocol that a scenario may be run with. */
export type Version = "3.1.1" | "5.0";

/** What a pattern captured, as hexadecimal by name, ready to be written in another packet. */
export type Captures = Readonly<Record<string, string>>;

type Node =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "any"; readonly count: number; readonly name: string }
  | { readonly kind: "rest" }
  | { readonly kind: "group"; readonly prefix: "varint" | "u16"; readonly nodes: readonly Node[] };

const SPACE = /\s+/y;
const CAPTURE = /([a-zA-Z][a-zA-Z]*):(\d+)/y;
const HEX = /(?:[0-9a-fA-F]{2})+/y;
const TEXT = /"([^"]*)"|'([^']*)'/y;
const CLOSERS: Readonly<Record<string, string>> = { "{": "}", "[": "]", "<": ">" };

/** The bytes that `notation` stands for; a pattern (`..`, `name:2`, `*`) throws `TypeError`. */
export function encode(notation: string, version: Version): Uint8Array {
  return encodeNodes(parse(notation, version), notation);
}

/** Matches a whole packet; the captures, or `undefined` when the bytes are others. */
export function match(notation: string, version: Version, bytes: Uint8Array): Captures | undefined {
  const captures: Record<string, string> = {};
  const end = matchNodes(parse(notation, version), bytes, 0, captures);
  return end === bytes.length ? captures : undefined;
}

/** Bytes as hexadecimal in pairs, for messages and for use inside another notation. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

/** A number as `count` big-endian bytes of hexadecimal. */
export function integer(value: number, count: number): string {
  return value.toString(16).padStart(count * 2, "0");
}

/** Lengths 0 to 268 435 455 as MQTT writes them: seven bits a byte, low group first. */
export function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  do {
    const group = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? group + 128 : group);
  } while (rest > 0);
  return Uint8Array.from(bytes);
}

/** Reads a Variable Byte Integer; `undefined` when the bytes end inside it. */
export function readVarint(
  bytes: Uint8Array,
  start: number,
): { readonly value: number; readonly end: number } | undefined {
  let value = 0;
  for (let index = 0; index < 4; index++) {
    const byte = bytes[start + index];
    if (byte === undefined) return undefined;
    value += (byte % 128) * 128 ** index;
    if (byte < 128) return { value, end: start + index + 1 };
  }
  throw new TypeError(`a Variable Byte Integer of more than four bytes: ${hex(bytes)}`);
}

/** Several runs of bytes as one. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

function parse(text: string, version: Version): readonly Node[] {
  const reader = { text, offset: 0 };
  const nodes = parseUntil(reader, version, "");
  if (reader.offset < text.length) throw new TypeError(`unbalanced notation: ${text}`);
  return nodes;
}

interface Reader {
  readonly text: string;
  offset: number;
}

function parseUntil(reader: Reader, version: Version, closers: string): Node[] {
  const nodes: Node[] = [];
  while (reader.offset < reader.text.length) {
    take(reader, SPACE);
    const next = reader.text.charAt(reader.offset);
    if (next === "" || closers.includes(next)) break;
    nodes.push(...parseOne(reader, version, next));
  }
  return nodes;
}

function parseOne(reader: Reader, version: Version, next: string): readonly Node[] {
  if (next === "<") return parseChoice(reader, version);
  if (next === "{" || next === "[") return [parseGroup(reader, version, next)];
  if (next === "*") {
    reader.offset += 1;
    return [{ kind: "rest" }];
  }
  if (reader.text.startsWith("..", reader.offset)) {
    reader.offset += 2;
    return [{ kind: "any", count: 1, name: "" }];
  }
  return [parseLiteral(reader)];
}

function parseGroup(reader: Reader, version: Version, opener: "{" | "["): Node {
  reader.offset += 1;
  const closer = CLOSERS[opener] ?? "";
  const nodes = parseUntil(reader, version, closer);
  close(reader, closer);
  return { kind: "group", prefix: opener === "{" ? "varint" : "u16", nodes };
}

function parseChoice(reader: Reader, version: Version): readonly Node[] {
  reader.offset += 1;
  const left = parseUntil(reader, version, "|>");
  let right: Node[] = [];
  if (reader.text.charAt(reader.offset) === "|") {
    reader.offset += 1;
    right = parseUntil(reader, version, ">");
  }
  close(reader, ">");
  return version === "5.0" ? left : right;
}

function parseLiteral(reader: Reader): Node {
  const capture = take(reader, CAPTURE);
  if (capture) return { kind: "any", count: Number(capture[2]), name: capture[1] ?? "" };
  const digits = take(reader, HEX);
  if (digits) return { kind: "bytes", bytes: fromHex(digits[0]) };
  const text = take(reader, TEXT);
  if (!text) throw new TypeError(`not in the notation: ${reader.text.slice(reader.offset)}`);
  const bytes = new TextEncoder().encode(text[1] ?? text[2] ?? "");
  return { kind: "bytes", bytes: text[1] === undefined ? bytes : withLength(bytes) };
}

function take(reader: Reader, pattern: RegExp): RegExpExecArray | null {
  pattern.lastIndex = reader.offset;
  const found = pattern.exec(reader.text);
  if (found) reader.offset = pattern.lastIndex;
  return found;
}

function close(reader: Reader, closer: string): void {
  if (reader.text.charAt(reader.offset) !== closer) {
    throw new TypeError(`"${closer}" is missing in ${reader.text}`);
  }
  reader.offset += 1;
}

function fromHex(digits: string): Uint8Array {
  const pairs = digits.match(/../g) ?? [];
  return Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16));
}

function withLength(bytes: Uint8Array): Uint8Array {
  return concat([Uint8Array.of(bytes.length >> 8, bytes.length & 255), bytes]);
}

function encodeNodes(nodes: readonly Node[], notation: string): Uint8Array {
  return concat(nodes.map((node) => encodeNode(node, notation)));
}

function encodeNode(node: Node, notation: string): Uint8Array {
  if (node.kind === "bytes") return node.bytes;
  if (node.kind !== "group") throw new TypeError(`a pattern cannot be sent: ${notation}`);
  const inside = encodeNodes(node.nodes, notation);
  return node.prefix === "u16" ? withLength(inside) : concat([varint(inside.length), inside]);
}

function matchNodes(
  nodes: readonly Node[],
  bytes: Uint8Array,
  start: number,
  captures: Record<string, string>,
): number | undefined {
  let offset: number | undefined = start;
  for (const node of nodes) {
    offset = matchNode(node, bytes, offset, captures);
    if (offset === undefined) return undefined;
  }
  return offset;
}

function matchNode(
  node: Node,
  bytes: Uint8Array,
  start: number,
  captures: Record<string, string>,
): number | undefined {
  if (node.kind === "rest") return bytes.length;
  if (node.kind === "group") return matchGroup(node.prefix, node.nodes, bytes, start, captures);
  const count = node.kind === "any" ? node.count : node.bytes.length;
  if (start + count > bytes.length) return undefined;
  const found = bytes.subarray(start, start + count);
  if (node.kind === "any") {
    if (node.name !== "") captures[node.name] = hex(found);
    return start + count;
  }
  return node.bytes.every((byte, index) => byte === found[index]) ? start + count : undefined;
}

function matchGroup(
  prefix: "varint" | "u16",
  nodes: readonly Node[],
  bytes: Uint8Array,
  start: number,
  captures: Record<string, string>,
): number | undefined {
  const length = prefix === "varint" ? readVarint(bytes, start) : readU16(bytes, start);
  if (!length) return undefined;
  const end = length.end + length.value;
  if (end > bytes.length) return undefined;
  const inside = bytes.subarray(length.end, end);
  return matchNodes(nodes, inside, 0, captures) === inside.length ? end : undefined;
}

function readU16(bytes: Uint8Array, start: number): { value: number; end: number } | undefined {
  const high = bytes[start];
  const low = bytes[start + 1];
  if (high === undefined || low === undefined) return undefined;
  return { value: high * 256 + low, end: start + 2 };
}
