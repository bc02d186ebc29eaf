import { X509Certificate } from "node:crypto";
import { MqttConfigurationError } from "@anax/protocol";
import type { Identity } from "../core/hooks/identity.ts";
import { NAME } from "../checking/identity-rules.ts";
import type { Authenticator, Credentials } from "../ports/authenticator.ts";

/** What of a certificate is the user name. */
export type CertificateName = "commonName" | "subject" | "dns" | "email" | "uri";

const NAMES: ReadonlySet<unknown> = new Set<CertificateName>([
  "commonName",
  "subject",
  "dns",
  "email",
  "uri",
]);

/** How clients are known by their certificates. */
export interface CertificateAuthenticatorOptions {
  /**
   * What the user name is: the common name of the subject; the whole subject as RFC 2253 writes it, `CN=lamp,O=Lights`; or the one
   * subject alternative name of that kind. A certificate that does not have it, or has several, is a no. Default "commonName".
   */
  readonly userName?: CertificateName | undefined;
}

/**
 * Lets in clients whose TLS certificate was verified, under the name that it gives them, whatever user name CONNECT has. Of one that
 * a trusted proxy has verified, the common name is known alone (PROXY protocol, version 2). Clients
 * without one are not its: those of other listeners, and those of a listener with `rejectUnauthorized: false`.
 */
export class CertificateAuthenticator implements Authenticator {
  readonly name = "certificate";
  readonly #part: CertificateName;

  /** Throws `MqttConfigurationError` for a `userName` that is none. */
  constructor({ userName = "commonName" }: CertificateAuthenticatorOptions = {}) {
    if (!NAMES.has(userName)) {
      throw new MqttConfigurationError(
        `userName ${JSON.stringify(userName)} is not one of ${[...NAMES].join(", ")}`,
      );
    }
    this.#part = userName;
  }

  authenticate({ peer }: Credentials): Identity | false | undefined {
    const raw = rawOf(peer.certificate);
    if (raw === undefined) return this.#ofProxy(peer.certificateName);
    const certificate = new X509Certificate(raw);
    const [userName, ...others] = namesOf(certificate, this.#part);
    if (userName === undefined || others.length > 0) return false;
    // A name that only looks like another's is no name.
    return NAME(userName) === undefined && { userName };
  }

  /** A trusted proxy tells the common name and nothing else. */
  #ofProxy(userName: string | undefined): Identity | false | undefined {
    if (userName === undefined || this.#part !== "commonName") return undefined;
    return NAME(userName) === undefined && { userName };
  }
}

/** The bytes of Node's PeerCertificate. */
function rawOf(certificate: unknown): Uint8Array | undefined {
  if (typeof certificate !== "object" || certificate === null) return undefined;
  const raw: unknown = Reflect.get(certificate, "raw");
  return raw instanceof Uint8Array ? raw : undefined;
}

function namesOf(certificate: X509Certificate, part: CertificateName): readonly string[] {
  switch (part) {
    case "subject": {
      const subject = rfc2253(certificate.subject ?? "");
      return subject === "" ? [] : [subject];
    }
    case "commonName":
      return attributesOf(certificate.subject ?? "")
        .filter((text) => text.startsWith("CN="))
        .map((text) => unescaped(text.slice(3)));
    case "dns":
      return alternativeNames(certificate.subjectAltName ?? "", "DNS");
    case "email":
      return alternativeNames(certificate.subjectAltName ?? "", "email");
    case "uri":
      return alternativeNames(certificate.subjectAltName ?? "", "URI");
  }
}

/** Node has a line for each part, ` + ` between the values of a part with several, and values escaped as RFC 2253 says. */
function attributesOf(subject: string): readonly string[] {
  return subject.split(/\n| \+ /).filter((text) => text !== "");
}

/** The last part first, as the RFC, and mosquitto, have it. */
function rfc2253(subject: string): string {
  const parts = subject.split("\n").filter((text) => text !== "");
  return parts
    .map((part) => part.split(" + ").toReversed().join("+"))
    .toReversed()
    .join(",");
}

function unescaped(value: string): string {
  return value.replace(
    /((?:\\[0-9A-Fa-f]{2})+)|\\(.)/gs,
    (_all, hex: string | undefined, character: string) =>
      hex === undefined
        ? character
        : new TextDecoder().decode(Buffer.from(hex.replaceAll("\\", ""), "hex")),
  );
}

/** `DNS:a.example, URI:"with, a comma"`: Node quotes, as JSON, what could be taken for several. */
function alternativeNames(text: string, kind: string): readonly string[] {
  const entries = text.matchAll(/([^:,]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/gs);
  return Array.from(entries)
    .filter(([, type]) => type === kind)
    .map(([, , value = ""]) => (value.startsWith('"') ? unquoted(value) : value));
}

/** Empty, which no name is, if it cannot be read. */
function unquoted(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "string" ? value : "";
  } catch {
    return "";
  }
}
