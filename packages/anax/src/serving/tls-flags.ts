/** The flags of `anax serve` that say how TLS is spoken. */
import type { FlagTable } from "../flags/flag.ts";
import { optional, repeated, toggle } from "../flags/flag.ts";
import { integer, name, seconds } from "../flags/value-parser.ts";

/** How one listener, or all that the flags open, speak TLS. */
export interface TlsKeys {
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly keyPassphrase: string | undefined;
  readonly ca: string | undefined;
  readonly crl: string | undefined;
  readonly hostCert: readonly string[];
  readonly hostKey: readonly string[];
  readonly requestCert: boolean;
  readonly ticketKeys: string | undefined;
  readonly ticketRotation: number | undefined;
}

export interface TlsFlags extends TlsKeys {
  readonly tlsPort: number | undefined;
  readonly wssPort: number | undefined;
  readonly tlsHandshakeTimeout: number | undefined;
}

const PORT = integer(0, 65_535);
const ENCRYPTING = { group: "TLS" };

/** How long a handshake may take. */
export const HANDSHAKE_HELP = "seconds that a connection has for its TLS handshake (default 15)";

/** The keys of TLS, of a listener and as flags. */
export function tlsKeys(group: string): FlagTable<TlsKeys> {
  return {
    cert: optional(name("file"), { group, help: "certificate of the server, PEM" }),
    key: optional(name("file"), { group, help: "its private key, PEM" }),
    keyPassphrase: optional(name("text"), { group, help: "passphrase of the private key" }),
    ca: optional(name("file"), {
      group,
      aliases: ["cafile"],
      help: "authorities that client certificates must be signed by, PEM",
    }),
    crl: optional(name("file"), {
      group,
      aliases: ["crlfile"],
      help: "revoked client certificates (CRL), PEM; one that is out of date lets nobody in",
    }),
    hostCert: repeated(name("file"), {
      group,
      help: "another certificate, for clients that ask for its host (SNI), PEM; each with a host-key",
    }),
    hostKey: repeated(name("file"), { group, help: "its private key, PEM" }),
    requestCert: toggle({
      group,
      help: "let in only clients with a certificate that ca has signed",
    }),
    ticketKeys: optional(name("file"), {
      group,
      help: "48 secret bytes from which the keys of TLS tickets are made, the same at all servers of a fleet (default: random)",
    }),
    ticketRotation: optional(seconds(1), {
      group,
      help: "seconds after which tickets have other keys (default 86400)",
    }),
  };
}

export const TLS_FLAGS: FlagTable<TlsFlags> = {
  tlsPort: optional(PORT, { ...ENCRYPTING, help: "also listen for MQTT over TLS, usually 8883" }),
  wssPort: optional(PORT, { ...ENCRYPTING, help: "also listen for WebSocket over TLS" }),
  ...tlsKeys(ENCRYPTING.group),
  tlsHandshakeTimeout: optional(seconds(0.001), { ...ENCRYPTING, help: HANDSHAKE_HELP }),
};
