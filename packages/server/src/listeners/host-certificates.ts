import { X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import type { SecureContext, SecureContextOptions } from "node:tls";
import type { TlsCredentials } from "./tls-credentials.ts";

/** What the listener's TLS has in common for all its certificates. */
export type SharedTls = Omit<SecureContextOptions, "cert" | "key" | "pfx" | "passphrase">;

/** Without what belongs to one certificate. */
export function withoutCertificate(options: SecureContextOptions): SharedTls {
  const { cert: _cert, key: _key, pfx: _pfx, passphrase: _passphrase, ...shared } = options;
  return shared;
}

/** A certificate, and how TLS uses it. */
interface HostCertificate {
  readonly certificate: X509Certificate;
  readonly context: SecureContext;
}

/** The certificates of a listener beside its first one, by the hosts that they are for. */
export class HostCertificates {
  readonly #all: readonly HostCertificate[];

  /** The credentials were checked. */
  constructor({ hosts = [], ca, crl }: TlsCredentials, shared: SharedTls) {
    this.#all = hosts.map(({ cert, key, passphrase }) => ({
      certificate: new X509Certificate(cert),
      context: createSecureContext({
        ...shared,
        ...(ca === undefined ? {} : { ca }),
        ...(crl === undefined ? {} : { crl }),
        cert,
        key,
        ...(passphrase === undefined ? {} : { passphrase }),
      }),
    }));
  }

  /** True if there are none. */
  get isEmpty(): boolean {
    return this.#all.length === 0;
  }

  /** The first that is for this host; undefined if the listener's first certificate is to be shown. */
  contextFor(serverName: string): SecureContext | undefined {
    return this.#all.find(({ certificate }) => certificate.checkHost(serverName) !== undefined)
      ?.context;
  }
}
