/** Translates the TLS options of the client into those of `node:tls`. */
import { isIP } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { withoutUndefined } from "../core/without-undefined.ts";
import type { TlsOptions } from "../transports/transport.ts";

/** Options for `tls.connect` and for the handshake of a `wss` connection. */
export function nodeTlsOptions(host: string, given: TlsOptions): ConnectionOptions {
  const tls = withoutUndefined(given);
  const options: ConnectionOptions = { rejectUnauthorized: tls.rejectUnauthorized ?? true };
  const servername = tls.servername ?? (isIP(host) === 0 ? host : undefined);
  if (servername !== undefined) options.servername = servername;
  if (tls.ca !== undefined) options.ca = certificateAuthorities(tls.ca);
  if (tls.cert !== undefined) options.cert = pem(tls.cert);
  if (tls.key !== undefined) options.key = pem(tls.key);
  if (tls.pfx !== undefined) options.pfx = pem(tls.pfx);
  if (tls.ciphers !== undefined) options.ciphers = tls.ciphers;
  if (tls.passphrase !== undefined) options.passphrase = tls.passphrase;
  if (tls.alpn !== undefined) options.ALPNProtocols = [...tls.alpn];
  if (tls.minVersion !== undefined) options.minVersion = tls.minVersion;
  return options;
}

function certificateAuthorities(ca: NonNullable<TlsOptions["ca"]>): (string | Buffer)[] {
  if (typeof ca === "string" || ca instanceof Uint8Array) return [pem(ca)];
  return ca.map(pem);
}

function pem(value: string | Uint8Array): string | Buffer {
  return typeof value === "string" ? value : Buffer.from(value);
}
