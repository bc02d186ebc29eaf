import { MqttConfigurationError } from "@anax/protocol";
import { matchesPieces } from "../text-pieces.ts";

/** Bytes of a pattern: as many as an identifier has that everybody takes. */
const PATTERN_LENGTH_MAX = 1_000;

/** A part of a pattern. */
type Part = { readonly text: string } | "userName" | "anything";

/**
 * Which Client Identifiers a user may have: `%u` stands for the user name, `*` for any text, `%%` for `%` and `%*` for `*`. What comes
 * from the wire is compared as text and never read as a pattern.
 */
export class ClientIdPattern {
  readonly #text: string;
  readonly #parts: readonly Part[];

  /** Throws `MqttConfigurationError` for a pattern that is none. */
  constructor(text: string) {
    if (text === "" || text.length > PATTERN_LENGTH_MAX) {
      throw new MqttConfigurationError(
        `clientIdPattern has ${text.length} characters, not from 1 to ${PATTERN_LENGTH_MAX}`,
      );
    }
    this.#text = text;
    this.#parts = partsOf(text);
  }

  /** As it was written. */
  toString(): string {
    return this.#text;
  }

  /** True if the pattern allows `clientId` to this user. Where it needs a user name, a client without one has no identifier. */
  allows(clientId: string, userName: string | undefined): boolean {
    const pieces = this.#pieces(userName);
    return pieces !== undefined && matchesPieces(clientId, pieces);
  }

  /** An identifier for a client that has none; undefined if the pattern needs a user name and there is none. */
  assigned(userName: string | undefined, random: () => string): string | undefined {
    return this.#pieces(userName)?.reduce((before, piece) => before + random() + piece);
  }

  /** The texts between which anything may stand. */
  #pieces(userName: string | undefined): string[] | undefined {
    const pieces = [""];
    for (const part of this.#parts) {
      if (part === "anything") {
        pieces.push("");
        continue;
      }
      const text = part === "userName" ? userName : part.text;
      // Nobody is called "".
      if (text === undefined || text === "") return undefined;
      pieces.push(`${pieces.pop()}${text}`);
    }
    return pieces;
  }
}

function partsOf(pattern: string): readonly Part[] {
  return Array.from(pattern.matchAll(/%.?|\*+|[^%*]+/gsu), ([token]) => {
    if (token === "%u") return "userName";
    if (token.startsWith("*")) return "anything";
    if (!token.startsWith("%")) return { text: token };
    if (token === "%%" || token === "%*") return { text: token.slice(1) };
    throw new MqttConfigurationError(
      `clientIdPattern ${JSON.stringify(pattern)} has ${token}; only %u, %% and %* are known`,
    );
  });
}
