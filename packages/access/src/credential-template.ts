import { MqttConfigurationError } from "@anax/protocol";
import type { Credentials } from "@anax/server";

/** What each placeholder stands for; empty where the client has none. */
const PLACEHOLDERS: Readonly<Record<string, (credentials: Credentials) => string>> = {
  "%u": ({ userName }) => userName ?? "",
  "%c": ({ clientId }) => clientId,
  "%p": ({ password }) => textOf(password),
  "%a": ({ peer }) => peer.remoteAddress ?? "",
  "%t": ({ peer }) => peer.transport,
  "%s": ({ peer }) => peer.tls?.serverName ?? "",
  "%%": () => "%",
};

/** The fields of a request by name, in which `%u` and the like stand for what a client shows. */
export type CredentialFields = Readonly<Record<string, string>>;

/** Fills in what clients show, as values of fields: they are encoded as a whole where the request is written. */
export class CredentialTemplate {
  readonly #fields: readonly (readonly [name: string, pieces: readonly string[]])[];

  /** Throws `MqttConfigurationError` for a placeholder that is not known. */
  constructor(fields: CredentialFields) {
    this.#fields = Object.entries(fields).map(([name, text]) => [name, piecesOf(name, text)]);
  }

  /** Throws `TypeError` for a password that is asked for and is no text. */
  filled(credentials: Credentials): readonly (readonly [name: string, value: string])[] {
    return this.#fields.map(([name, pieces]) => [
      name,
      pieces.map((piece) => PLACEHOLDERS[piece]?.(credentials) ?? piece).join(""),
    ]);
  }
}

function piecesOf(name: string, text: string): readonly string[] {
  const pieces = Array.from(String(text).matchAll(/%.?|[^%]+/gsu), ([piece]) => piece);
  const unknown = pieces.find((piece) => piece.startsWith("%") && !(piece in PLACEHOLDERS));
  if (unknown === undefined) return pieces;
  throw new MqttConfigurationError(
    `${name} has ${unknown}; only ${Object.keys(PLACEHOLDERS).join(" ")} are known`,
  );
}

function textOf(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? "" : new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}
