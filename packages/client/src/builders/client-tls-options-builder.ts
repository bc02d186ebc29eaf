import { MqttConfigurationError, showValue } from "@anax/protocol";
import type { ServerCertificate, TlsOptions } from "../transports/transport.ts";

/** What a certificate validation handler is given. */
export interface CertificateValidationEvent {
  readonly host: string;
  readonly certificate: ServerCertificate;
  /** What is wrong with the chain of the certificate, if anything is. */
  readonly fault: Error | undefined;
}

/** A certificate of the client: PEM in two parts, or PKCS #12 in one. */
export type ClientCertificate = Pick<TlsOptions, "cert" | "key" | "pfx" | "passphrase">;

/** Names of .NET's `SslProtocols` and of OpenSSL. */
export type SslProtocol = "Tls12" | "Tls13" | "TLSv1.2" | "TLSv1.3" | "None";

type Draft = { -readonly [Name in keyof TlsOptions]: TlsOptions[Name] };

/** What `withSslProtocols` sets, by its argument; .NET counts Tls12 as 3072 and Tls13 as 12288. */
const MINIMUM: ReadonlyMap<SslProtocol | number, TlsOptions["minVersion"]> = new Map<
  SslProtocol | number,
  TlsOptions["minVersion"]
>([
  ["None", undefined],
  [0, undefined],
  ["Tls12", "TLSv1.2"],
  ["TLSv1.2", "TLSv1.2"],
  [3_072, "TLSv1.2"],
  [15_360, "TLSv1.2"],
  ["Tls13", "TLSv1.3"],
  ["TLSv1.3", "TLSv1.3"],
  [12_288, "TLSv1.3"],
]);

/** Builds options of TLS. TLS is on unless `useTls(false)` says otherwise. */
export class MqttClientTlsOptionsBuilder {
  readonly #draft: Draft = {};
  #isOn = true;

  /** Whether TLS is used; false turns it off, whatever was said before. */
  useTls(isOn = true): this {
    this.#isOn = isOn;
    return this;
  }

  /** Takes a server whatever its certificate; `withTrustChain` is the safer way to an authority of one's own. */
  withAllowUntrustedCertificates(isAllowed = true): this {
    this.#draft.rejectUnauthorized = !isAllowed;
    return this;
  }

  /** The handler alone judges the certificate of the server, that of an unknown authority too; true takes it. */
  withCertificateValidationHandler(handler: (event: CertificateValidationEvent) => boolean): this {
    this.#draft.rejectUnauthorized = false;
    this.#draft.checkServerIdentity = (host, certificate, fault) =>
      handler({ host, certificate, fault }) === true
        ? undefined
        : new Error("the certificate validation handler refused the certificate");
    return this;
  }

  /** The client's certificate, alone or as the one item of a list. */
  withClientCertificates(certificates: ClientCertificate | readonly ClientCertificate[]): this {
    const [certificate, ...others] = [certificates].flat();
    if (others.length > 0) throw new MqttConfigurationError("a client shows one certificate");
    Object.assign(this.#draft, certificate);
    return this;
  }

  /** Nothing to do: Node asks nobody whether a certificate was revoked. */
  withIgnoreCertificateRevocationErrors(_isIgnored = true): this {
    return this;
  }

  /** Only "NoCheck" (0): Node asks nobody whether a certificate was revoked, and `MqttConfigurationError` says so. */
  withRevocationMode(mode: "NoCheck" | 0): this {
    if (mode === "NoCheck" || mode === 0) return this;
    throw new MqttConfigurationError(`revocation mode ${showValue(mode)}: only "NoCheck" is there`);
  }

  /** The oldest version that is spoken. "None" leaves it to the platform. */
  withSslProtocols(protocol: SslProtocol | number): this {
    if (!MINIMUM.has(protocol))
      throw new MqttConfigurationError(`${showValue(protocol)} is neither Tls12 nor Tls13`);
    this.#draft.minVersion = MINIMUM.get(protocol);
    return this;
  }

  /** The name for SNI and for the check of the certificate. */
  withTargetHost(host: string): this {
    this.#draft.servername = host;
    return this;
  }

  /** Nothing to do: a client of Node never renegotiates, and TLS 1.3 has no such thing. */
  withAllowRenegotiation(_isAllowed = true): this {
    return this;
  }

  withApplicationProtocols(protocols: readonly string[]): this {
    this.#draft.alpn = protocols;
    return this;
  }

  /** Names of cipher suites, in the notation of OpenSSL. */
  withCipherSuitesPolicy(suites: string | readonly string[]): this {
    this.#draft.ciphers = [suites].flat().join(":");
    return this;
  }

  /** Certificates of the authorities to trust, PEM, in place of the system's. */
  withTrustChain(ca: NonNullable<TlsOptions["ca"]>): this {
    this.#draft.ca = ca;
    return this;
  }

  /** The options; undefined when TLS is off. */
  build(): TlsOptions | undefined {
    return this.#isOn ? { ...this.#draft } : undefined;
  }
}
