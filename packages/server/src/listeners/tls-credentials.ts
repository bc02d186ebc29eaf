/**
 * Says what is wrong with a certificate, a key or a passphrase. OpenSSL tells only that something is ("no start line",
 * "bad decrypt") and accepts a few mistakes that then fail each handshake; so each part is tried by itself.
 */
import { MqttConfigurationError } from "@anax/protocol";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import type { SecureContextOptions } from "node:tls";

/** A certificate for some hosts, and its private key, each as one text in PEM form. */
export interface HostCredentials {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
  readonly passphrase?: string | undefined;
}

/** A certificate and what belongs to it, in PEM or PKCS#12 form, as `node:tls` takes them. */
export interface TlsCredentials extends Pick<
  SecureContextOptions,
  "cert" | "key" | "pfx" | "passphrase" | "ca" | "crl"
> {
  /**
   * More certificates: a client that asks for a host (SNI) is shown the first one that is for it, with `ca` and `crl` as the others.
   * Not together with `SNICallback`. Default: none.
   */
  readonly hosts?: readonly HostCredentials[] | undefined;
}

/** What messages call each part. Default: the names of the options. */
export type TlsCredentialNames = { readonly [Part in keyof TlsCredentials]?: string };

/** Throws `MqttConfigurationError` that names the part which cannot be used; `cause` is what OpenSSL says. */
export function checkTlsCredentials(
  credentials: TlsCredentials,
  names: TlsCredentialNames = {},
): void {
  const { cert, key, pfx, passphrase, ca, crl } = credentials;
  const called = (part: keyof TlsCredentials): string => names[part] ?? part;
  const secret = passphrase === undefined ? {} : { passphrase };
  attempt(`${called("cert")} is no certificate in PEM form`, () => {
    createSecureContext({ cert });
    if (isOneFile(cert)) new X509Certificate(cert);
  });
  attempt(
    (cause) => keyProblem(cause, passphrase, called),
    () => createSecureContext({ key, ...secret }),
  );
  attempt(`${called("cert")} and ${called("key")} do not belong together`, () => {
    createSecureContext({ cert, key, ...secret });
    if (isOneFile(cert) && isOneFile(key)) requireMatch(cert, { key, ...secret });
  });
  attempt(`${called("pfx")} is no PKCS#12 archive, or ${called("passphrase")} is not its`, () =>
    createSecureContext({ pfx, ...secret }),
  );
  attempt(`${called("ca")} is no certificate in PEM form`, () => {
    createSecureContext({ ca });
    if (isOneFile(ca)) new X509Certificate(ca);
  });
  attempt(`${called("crl")} is no revocation list in PEM form`, () => createSecureContext({ crl }));
  for (const [index, host] of (credentials.hosts ?? []).entries()) checkHost(host, index + 1);
}

function checkHost({ cert, key, passphrase }: HostCredentials, number: number): void {
  const of = `of hosts, number ${number}`;
  if (cert === undefined || key === undefined)
    throw new MqttConfigurationError(`${of}: cert and key are needed`);
  checkTlsCredentials(
    { cert, key, ...(passphrase === undefined ? {} : { passphrase }) },
    { cert: `cert ${of},`, key: `key ${of},`, passphrase: `passphrase ${of},` },
  );
}

function keyProblem(
  cause: unknown,
  passphrase: string | undefined,
  called: (part: keyof TlsCredentials) => string,
): string {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code !== "ERR_OSSL_BAD_DECRYPT") return `${called("key")} is no private key in PEM form`;
  return passphrase === undefined
    ? `${called("key")} is encrypted and ${called("passphrase")} is missing`
    : `${called("passphrase")} does not decrypt ${called("key")}`;
}

/** OpenSSL sees that two keys differ only where both are of one kind. */
function requireMatch(
  cert: string | Buffer,
  { key, passphrase }: { readonly key: string | Buffer; readonly passphrase?: string },
): void {
  const secret = passphrase === undefined ? {} : { passphrase };
  const privateKey = createPrivateKey({ key, ...secret });
  if (!new X509Certificate(cert).checkPrivateKey(privateKey)) throw new Error("the keys differ");
}

/** Lists of certificates or keys are left to OpenSSL. */
function isOneFile(part: unknown): part is string | Buffer {
  return typeof part === "string" || Buffer.isBuffer(part);
}

function attempt(problem: string | ((cause: unknown) => string), trial: () => unknown): void {
  try {
    trial();
  } catch (cause) {
    const text = typeof problem === "string" ? problem : problem(cause);
    throw new MqttConfigurationError(text, { cause });
  }
}
