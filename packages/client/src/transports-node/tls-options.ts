/** Translates the TLS options of the client into those of `node:tls`. */
import { isIP } from "node:net";
import type { ConnectionOptions, PeerCertificate, TLSSocket } from "node:tls";
import { asError } from "../core/errors.ts";
import { withoutUndefined } from "../core/without-undefined.ts";
import type { TlsOptions } from "../transports/transport.ts";
import { plainBytes } from "./plain-bytes.ts";

/** Options for `tls.connect`. */
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
  // Node asks it where the chain is good, and with `rejectUnauthorized` alone it obeys.
  if (tls.checkServerIdentity !== undefined && options.rejectUnauthorized) {
    options.checkServerIdentity = (_, certificate) =>
      verdictOf(tls, servername ?? host, certificate, undefined);
  }
  return options;
}

/**
 * Why the caller does not take the certificate of a connection that is open, where `rejectUnauthorized` false leaves it
 * all to the caller.
 */
export function refusedCertificate(
  host: string,
  tls: TlsOptions,
  socket: TLSSocket,
): Error | undefined {
  if (tls.rejectUnauthorized !== false || !tls.checkServerIdentity) return undefined;
  // Types of Node say Error; what it gives is the code alone.
  const reason = socket.authorizationError as Error | string | null | undefined;
  const fault = typeof reason === "string" ? new Error(reason) : (reason ?? undefined);
  return verdictOf(tls, tls.servername ?? host, socket.getPeerCertificate(), fault);
}

function verdictOf(
  { checkServerIdentity }: TlsOptions,
  host: string,
  certificate: PeerCertificate,
  fault: Error | undefined,
): Error | undefined {
  try {
    const { subject, issuer, subjectaltname, fingerprint256, raw } = certificate;
    const { valid_from: validFrom, valid_to: validTo, serialNumber } = certificate;
    const names = { subject: { ...subject }, issuer: { ...issuer }, subjectaltname };
    const shown = { ...names, fingerprint256, validFrom, validTo, serialNumber };
    return checkServerIdentity?.(host, { ...shown, raw: plainBytes(raw) }, fault) ?? undefined;
  } catch (error) {
    return asError(error);
  }
}

function certificateAuthorities(ca: NonNullable<TlsOptions["ca"]>): (string | Buffer)[] {
  if (typeof ca === "string" || ca instanceof Uint8Array) return [pem(ca)];
  return ca.map(pem);
}

function pem(value: string | Uint8Array): string | Buffer {
  return typeof value === "string" ? value : Buffer.from(value);
}
