import type { SpokenProtocol } from "../ports/listener.ts";

/** Version 2 of the PROXY protocol begins with these, version 1 with its name. */
const PROXY_V2 = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];
const TLS_HANDSHAKE = 0x16;
const TLS_MAJOR_VERSION = 3;
const CONNECT = 0x10;

/** Which other protocol bytes look like; undefined if none that people mix up with MQTT. */
export function protocolOf(bytes: Uint8Array): SpokenProtocol | undefined {
  if (bytes.length < 3) return undefined;
  if (bytes[0] === TLS_HANDSHAKE && bytes[1] === TLS_MAJOR_VERSION) return "TLS";
  if (bytes[0] === CONNECT) return "MQTT";
  if (PROXY_V2.every((byte, index) => index >= bytes.length || bytes[index] === byte))
    return "PROXY";
  const text = String.fromCharCode(...bytes);
  if (text.startsWith("PROXY ")) return "PROXY";
  if (text.startsWith("SSH-")) return "SSH";
  return /^[A-Z]{3,7} (\/|\*|https?:)/.test(text) ? "HTTP" : undefined;
}
