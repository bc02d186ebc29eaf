import type {
  AuthenticationAnswer,
  Authenticator,
  Credentials,
  ScramVerifier,
} from "../ports/authenticator.ts";
import type { Identity } from "../core/hooks/identity.ts";
import { identityFault } from "../checking/identity-rules.ts";
import { isThenable } from "../user-code.ts";

/** What all of a list say together. A failure is a no that is nobody's decision. */
export type Verdict =
  | { readonly type: "yes"; readonly identity: Identity | undefined; readonly by: Authenticator }
  | { readonly type: "no" }
  | { readonly type: "failed"; readonly by: string; readonly error: unknown };

const NO: Verdict = { type: "no" };

/** Several authenticators, asked in order: the first one that says yes or no decides, and so does the first that fails. */
export class AuthenticatorList {
  readonly #members: readonly Authenticator[];

  constructor(members: readonly Authenticator[]) {
    this.#members = members;
  }

  /** Whether one of them takes part in SCRAM-SHA-256 now: a password file that is read again may have got its first verifier. */
  get offersScram(): boolean {
    return this.#members.some(({ scramVerifierOf }) => scramVerifierOf !== undefined);
  }

  /** The first verifier that one of them has for this user. */
  async scramVerifierOf(userName: string): Promise<ScramVerifier | undefined> {
    for (const member of this.#members) {
      const verifier = await member.scramVerifierOf?.(userName);
      if (verifier !== undefined) return verifier;
    }
    return undefined;
  }

  /** Whether one of them checks this Authentication Method by itself. */
  checks(method: string | undefined): boolean {
    return method !== undefined && this.#members.some((member) => checks(member, method));
  }

  /** Answers at once where all that are asked do. Never throws or rejects. */
  ask(credentials: Credentials, from = 0): Verdict | Promise<Verdict> {
    const { authenticationMethod: method, reauthentication } = credentials;
    for (let index = from; index < this.#members.length; index += 1) {
      const member = this.#members[index];
      if (member === undefined) break;
      // A password is not shown again: only who checks what AUTH carries has something to say.
      if (reauthentication === true && !checks(member, method)) continue;
      const verdict = this.#askOne(member, index, credentials);
      if (verdict instanceof Promise)
        return verdict.then((later) => later ?? this.ask(credentials, index + 1));
      if (verdict !== undefined) return verdict;
    }
    return NO;
  }

  /** Loads what each of them needs. Rejects with what one of them rejects with. */
  async load(): Promise<void> {
    for (const member of this.#members) await member.load?.();
  }

  /** Undefined if the client is not this one's. */
  #askOne(
    member: Authenticator,
    index: number,
    credentials: Credentials,
  ): Verdict | undefined | Promise<Verdict | undefined> {
    const failed = (error: unknown): Verdict => ({
      type: "failed",
      by: member.name ?? `authenticator ${index + 1}`,
      error,
    });
    try {
      const answer = member.authenticate(credentials);
      if (!isThenable(answer)) return verdictOf(member, answer);
      // What is no promise of the platform might answer nothing from its `then`, and let everybody in.
      return Promise.resolve(answer)
        .then((given) => verdictOf(member, given))
        .catch(failed);
    } catch (error) {
      return failed(error);
    }
  }
}

/** True if the authenticator is one for this Authentication Method. */
export function checks(
  { authenticationMethods }: Authenticator,
  method: string | undefined,
): boolean {
  return method !== undefined && authenticationMethods?.includes(method) === true;
}

/** Throws `TypeError` for what is no answer. */
function verdictOf(by: Authenticator, answer: AuthenticationAnswer): Verdict | undefined {
  if (answer === undefined) return undefined;
  if (answer === true) return { type: "yes", identity: undefined, by };
  if (answer === false) return NO;
  const fault =
    typeof answer === "object" && answer !== null
      ? identityFault(answer)
      : `is of type ${typeof answer}`;
  if (fault !== undefined) throw new TypeError(`what authenticate answered ${fault}`);
  return { type: "yes", identity: answer, by };
}
