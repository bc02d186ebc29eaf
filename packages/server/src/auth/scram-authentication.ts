import { randomBytes } from "node:crypto";
import { ReasonCode } from "@anax/protocol";
import { MqttConnectionClosedError } from "../errors.ts";
import type { ValidatingConnectionEvent } from "../events.ts";
import type { Authenticator, ScramVerifier } from "../ports/authenticator.ts";
import { challenge, judge, readClientFirst, saltFor, unmatchedVerifier } from "./scram.ts";
import type { Challenge, ClientFirst, ScramVerdict } from "./scram.ts";

/** What an authenticator has that takes part in SCRAM. */
type VerifierSource = NonNullable<Authenticator["scramVerifierOf"]>;

/** Carries out SCRAM-SHA-256 over AUTH packets, at connect and for re-authentications [MQTT-4.12.0-2]. */
export class ScramAuthentication {
  readonly #verifierOf: VerifierSource;
  readonly #saltKey = randomBytes(32);

  constructor(verifierOf: VerifierSource) {
    this.#verifierOf = verifierOf;
  }

  /** Lets the client in under the name that it proved, or refuses it with 0x86 or 0x87. */
  async authenticate(event: ValidatingConnectionEvent): Promise<void> {
    const first = readClientFirst(event.authenticationData);
    if (first === undefined) return refuse(event, "malformed");
    const asked = challenge(first, await this.#verifierFor(first));
    const verdict = await answer(event, asked);
    if (verdict === undefined) return;
    if (verdict.type !== "proved") return refuse(event, verdict.type);
    // What the connection has been allowed so far was allowed to one user.
    if (event.reauthentication && event.userName !== first.userName) {
      return refuse(event, "wrongProof");
    }
    event.userName = first.userName;
    event.responseAuthenticationData = new TextEncoder().encode(verdict.serverFinal);
  }

  async #verifierFor({ userName }: ClientFirst): Promise<ScramVerifier> {
    const verifier = await this.#verifierOf(userName);
    return verifier ?? unmatchedVerifier(saltFor(this.#saltKey, userName));
  }
}

/** Undefined if the client went away instead, which is no failure of the server's. */
async function answer(
  event: ValidatingConnectionEvent,
  asked: Challenge,
): Promise<ScramVerdict | undefined> {
  try {
    const authenticationData = new TextEncoder().encode(asked.serverFirst);
    const { properties } = await event.exchangeEnhancedAuthentication({ authenticationData });
    return judge(asked, properties?.authenticationData);
  } catch (error) {
    if (error instanceof MqttConnectionClosedError) return undefined;
    throw error;
  }
}

/** DISCONNECT, which refuses a re-authentication, has no 0x86. */
function refuse(event: ValidatingConnectionEvent, why: "wrongProof" | "malformed"): void {
  event.reasonCode =
    why === "wrongProof" && !event.reauthentication
      ? ReasonCode.badUserNameOrPassword
      : ReasonCode.notAuthorized;
}
