import { isIPv4, isIPv6 } from "node:net";
import { plainAddress } from "../address-ranges.ts";
import { readU16, readU32 } from "../core/numbers.ts";

/**
 * The header of the PROXY protocol, versions 1 and 2, by which a load balancer says for whom it has opened a connection.
 * Pure: bytes in, what they say out. The format is HAProxy's `proxy-protocol.txt`.
 */

/** Who is at the other end of a proxy. */
export interface ProxiedClient {
  readonly remoteAddress?: string;
  readonly remotePort?: number;
  /** Where the client has connected to. */
  readonly localAddress?: string;
  readonly localPort?: number;
  /** What TLS settled between the client and the proxy, where it says so. */
  readonly tls?: {
    readonly protocol: string;
    readonly cipher: string;
    readonly serverName?: string;
  };
  /** Common name of the client's certificate, which the proxy has verified. */
  readonly certificateName?: string;
}

/** A header and where it ends; undefined: more bytes are needed. A client of undefined is the proxy itself, as in its health checks. */
export interface ProxyHeader {
  readonly bytes: number;
  readonly client: ProxiedClient | undefined;
}

/** Bytes of the line that is the header of version 1 of the PROXY protocol: its specification has no longer one. */
const LINE_MAX = 107;
/** Bytes of a header of version 2 of the PROXY protocol after its first 16. Addresses and the name of a certificate take a few hundred. */
const LENGTH_MAX = 4_096;

const SIGNATURE = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];
const HEAD_BYTES = 16;
const NAME = "PROXY ";

const INET = 1;
const INET6 = 2;

const TYPE_AUTHORITY = 0x02;
const TYPE_SSL = 0x20;
const SUBTYPE_VERSION = 0x21;
const SUBTYPE_COMMON_NAME = 0x22;
const SUBTYPE_CIPHER = 0x23;
const CLIENT_SSL = 0x01;
const CLIENT_CERTIFICATE = 0x02 | 0x04;

/**
 * Reads the header that `bytes` begin with; undefined if it is not whole yet.
 * @throws Error with what is wrong, in words
 */
export function readProxyHeader(bytes: Uint8Array): ProxyHeader | undefined {
  if (beginsWith(bytes, SIGNATURE)) return bytes.length < HEAD_BYTES ? undefined : version2(bytes);
  const name = Array.from(NAME, (letter) => letter.charCodeAt(0));
  if (beginsWith(bytes, name)) return bytes.length < NAME.length ? undefined : version1(bytes);
  throw new Error("it does not begin with a header of the PROXY protocol");
}

/** As far as there are bytes. */
function beginsWith(bytes: Uint8Array, expected: readonly number[]): boolean {
  return expected.every((byte, index) => index >= bytes.length || bytes[index] === byte);
}

function version1(bytes: Uint8Array): ProxyHeader | undefined {
  const end = bytes.subarray(0, LINE_MAX).indexOf(0x0a);
  if (end < 0) {
    if (bytes.length >= LINE_MAX) throw new Error(`its line is longer than ${LINE_MAX} bytes`);
    return undefined;
  }
  const line = textOf(bytes, 0, end + 1);
  if (!line.endsWith("\r\n")) throw new Error("its line does not end with CR LF");
  const [, family = "", remote = "", local = "", remotePort = "", localPort = "", ...rest] = line
    .slice(0, -2)
    .split(" ");
  if (family === "UNKNOWN") return { bytes: end + 1, client: undefined };
  const isAddress = family === "TCP4" ? isIPv4 : family === "TCP6" ? isIPv6 : isNothing;
  const isRight =
    rest.length === 0 &&
    [remote, local].every((address) => isAddress(address)) &&
    [remotePort, localPort].every(isPort);
  if (!isRight) throw new Error(`its line is ${JSON.stringify(line.slice(0, LINE_MAX))}`);
  const ports = { remotePort: Number(remotePort), localPort: Number(localPort) };
  return { bytes: end + 1, client: { remoteAddress: remote, localAddress: local, ...ports } };
}

function isNothing(): boolean {
  return false;
}

function isPort(text: string): boolean {
  return /^(0|[1-9]\d{0,4})$/u.test(text) && Number(text) <= 65_535;
}

function version2(bytes: Uint8Array): ProxyHeader | undefined {
  const versionAndCommand = bytes[12] ?? 0;
  const length = readU16(bytes, 14);
  if (versionAndCommand >>> 4 !== 2) throw new Error(`it has version ${versionAndCommand >>> 4}`);
  const command = versionAndCommand & 0x0f;
  if (command > 1) throw new Error(`it has command ${command}`);
  if (length > LENGTH_MAX) throw new Error(`it has ${length} bytes, and ${LENGTH_MAX} are read`);
  const end = HEAD_BYTES + length;
  if (bytes.length < end) return undefined;
  // Command 0: the proxy itself, whatever follows.
  if (command === 0) return { bytes: end, client: undefined };
  const family = (bytes[13] ?? 0) >>> 4;
  const size = family === INET ? 4 : family === INET6 ? 16 : 0;
  // Other families, as that of unix sockets, say nothing of use, and what is behind them begins nowhere known.
  if (size === 0) return { bytes: end, client: {} };
  const portsAt = HEAD_BYTES + 2 * size;
  if (end < portsAt + 4) throw new Error(`it has ${length} bytes, which is no address`);
  return {
    bytes: end,
    client: {
      remoteAddress: addressAt(bytes, HEAD_BYTES, size),
      localAddress: addressAt(bytes, HEAD_BYTES + size, size),
      remotePort: readU16(bytes, portsAt),
      localPort: readU16(bytes, portsAt + 2),
      ...extrasOf(fieldsOf(bytes, portsAt + 4, end)),
    },
  };
}

type Fields = ReadonlyMap<number, Uint8Array>;

/** Fields of type, length and value. The last of a type counts. */
function fieldsOf(bytes: Uint8Array, from: number, end: number): Fields {
  const fields = new Map<number, Uint8Array>();
  for (let at = from; at < end;) {
    const valueAt = at + 3;
    const valueEnd = valueAt + readU16(bytes, at + 1);
    if (valueAt > end || valueEnd > end) throw new Error("a field of it is cut off");
    fields.set(bytes[at] ?? 0, bytes.subarray(valueAt, valueEnd));
    at = valueEnd;
  }
  return fields;
}

function extrasOf(fields: Fields): Pick<ProxiedClient, "tls" | "certificateName"> {
  const ssl = fields.get(TYPE_SSL);
  if (ssl === undefined) return {};
  if (ssl.length < 5) throw new Error("its field of TLS is cut off");
  const client = ssl[0] ?? 0;
  if ((client & CLIENT_SSL) === 0) return {};
  const inner = fieldsOf(ssl, 5, ssl.length);
  const text = (found: Uint8Array | undefined): string =>
    found === undefined ? "" : textOf(found, 0, found.length);
  const serverName = text(fields.get(TYPE_AUTHORITY));
  const tls = {
    protocol: text(inner.get(SUBTYPE_VERSION)),
    cipher: text(inner.get(SUBTYPE_CIPHER)),
    ...(serverName === "" ? {} : { serverName }),
  };
  // Zero: what the client has shown was found to be good.
  const isVerified = (client & CLIENT_CERTIFICATE) !== 0 && readU32(ssl, 1) === 0;
  const certificateName = text(inner.get(SUBTYPE_COMMON_NAME));
  return { tls, ...(isVerified && certificateName !== "" && { certificateName }) };
}

function addressAt(bytes: Uint8Array, at: number, size: number): string {
  const part = bytes.subarray(at, at + size);
  if (size === 4) return part.join(".");
  const groups = Array.from({ length: 8 }, (_, index) => readU16(part, index * 2).toString(16));
  return plainAddress(groups.join(":"));
}

/** @throws Error if it is no UTF-8 */
function textOf(bytes: Uint8Array, from: number, to: number): string {
  try {
    return UTF_8.decode(bytes.subarray(from, to));
  } catch {
    throw new Error("a text in it is no UTF-8");
  }
}

const UTF_8 = new TextDecoder("utf-8", { fatal: true });
