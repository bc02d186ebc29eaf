/** The flags of `anax serve` that say how TLS is spoken. */
import type { FlagTable } from "../flags/flag.ts";
import { optional, repeated, toggle } from "../flags/flag.ts";
import { integer, name, seconds } from "../flags/value-parser.ts";

export interface TlsFlags {
  readonly tlsPort: number | undefined;
  readonly wssPort: number | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly keyPassphrase: string | undefined;
  readonly ca: string | undefined;
  readonly crl: string | undefined;
  readonly hostCert: readonly string[];
  readonly hostKey: readonly string[];
  readonly requestCert: boolean;
  readonly tlsHandshakeTimeout: number | undefined;
  readonly ticketKeys: string | undefined;
  readonly ticketRotation: number | undefined;
}

const PORT = integer(0, 65_535);
const ENCRYPTING = { group: "TLS" };

export const TLS_FLAGS: FlagTable<TlsFlags> = {
  tlsPort: optional(PORT, { ...ENCRYPTING, help: "also listen for MQTT over TLS, usually 8883" }),
  wssPort: optional(PORT, { ...ENCRYPTING, help: "also listen for WebSocket over TLS" }),
  cert: optional(name("file"), { ...ENCRYPTING, help: "certificate of the server, PEM" }),
  key: optional(name("file"), { ...ENCRYPTING, help: "its private key, PEM" }),
  keyPassphrase: optional(name("text"), { ...ENCRYPTING, help: "passphrase of the private key" }),
  ca: optional(name("file"), {
    ...ENCRYPTING,
    aliases: ["cafile"],
    help: "authorities that client certificates must be signed by, PEM",
  }),
  crl: optional(name("file"), {
    ...ENCRYPTING,
    aliases: ["crlfile"],
    help: "revoked client certificates (CRL), PEM; one that is out of date lets nobody in",
  }),
  hostCert: repeated(name("file"), {
    ...ENCRYPTING,
    help: "another certificate, for clients that ask for its host (SNI), PEM; each with a --host-key",
  }),
  hostKey: repeated(name("file"), { ...ENCRYPTING, help: "its private key, PEM" }),
  requestCert: toggle({
    ...ENCRYPTING,
    help: "let in only clients with a certificate that --ca has signed",
  }),
  tlsHandshakeTimeout: optional(seconds(0.001), {
    ...ENCRYPTING,
    help: "seconds that a connection has for its TLS handshake (default 15)",
  }),
  ticketKeys: optional(name("file"), {
    ...ENCRYPTING,
    help: "48 secret bytes from which the keys of TLS tickets are made, the same at all servers of a fleet (default: random)",
  }),
  ticketRotation: optional(seconds(1), {
    ...ENCRYPTING,
    help: "seconds after which tickets have other keys (default 86400)",
  }),
};
