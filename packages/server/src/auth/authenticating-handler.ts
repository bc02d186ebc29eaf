import { randomUUID } from "node:crypto";
import { ReasonCode } from "@anax/protocol";
import { asError, MqttServerBusyError } from "../errors.ts";
import type { ServerEventHandler, ValidatingConnectionEvent } from "../events.ts";
import type { LoginWarnings } from "../system/login-warnings.ts";
import type { AuthenticatorList, Verdict } from "./authenticator-list.ts";
import { checks } from "./authenticator-list.ts";
import type { ClientIdPattern } from "./client-id-pattern.ts";
import { SCRAM_METHOD } from "./scram.ts";
import { ScramAuthentication } from "./scram-authentication.ts";

/** Who is asked, and what is told of it. */
export interface Authentication {
  readonly authenticators: AuthenticatorList;
  /** Which Client Identifiers an identity may use; undefined: any. */
  readonly clientIdPattern: ClientIdPattern | undefined;
  readonly warnings: LoginWarnings;
}

/**
 * Asks authenticators as a handler of `validatingConnection`. Whom they refuse gets 0x86 Bad User Name or Password, and 0x88
 * Server unavailable where one of them failed. A client that chose SCRAM-SHA-256 proves its password without sending it, if there
 * are verifiers. A re-authentication by another method is for the authenticators that check it, or for the handlers of that method.
 */
export function authenticatingHandler(
  authentication: Authentication,
): ServerEventHandler<"validatingConnection"> {
  const { authenticators, warnings } = authentication;
  const scram = new ScramAuthentication((userName) => authenticators.scramVerifierOf(userName));
  const conclude = (event: ValidatingConnectionEvent, verdict: Verdict): void => {
    if (verdict.type === "failed") failed(authentication, event, verdict);
    else if (verdict.type === "no") refuse(authentication, event);
    else accept(authentication, event, verdict);
    if (event.reasonCode === ReasonCode.badUserNameOrPassword) warnings.refused(event);
    warnings.concluded(event);
  };
  const byScram = async (event: ValidatingConnectionEvent): Promise<void> => {
    try {
      await scram.authenticate(event);
    } catch (error) {
      failed(authentication, event, { by: SCRAM_METHOD, error });
    }
    if (event.reasonCode === ReasonCode.success) bind(authentication, event, undefined);
    warnings.concluded(event);
  };
  return (event) => {
    const { authenticationMethod } = event;
    if (authenticationMethod === SCRAM_METHOD && authenticators.offersScram) return byScram(event);
    if (event.reauthentication && !authenticators.checks(authenticationMethod)) return undefined;
    const verdict = authenticators.ask(event);
    if (verdict instanceof Promise) return verdict.then((later) => conclude(event, later));
    return conclude(event, verdict);
  };
}

function accept(
  authentication: Authentication,
  event: ValidatingConnectionEvent,
  { identity, by }: Verdict & { readonly type: "yes" },
): void {
  const { authenticationMethod: method, reauthentication } = event;
  if (checks(by, method)) event.authenticationMethodAccepted = true;
  const userName = identity?.userName ?? event.userName;
  // What the connection has been allowed so far was allowed to one user.
  if (reauthentication && userName !== event.userName) {
    event.reasonCode = ReasonCode.notAuthorized;
    event.reasonString = "a connection cannot change its user";
    return;
  }
  if (userName !== undefined) event.userName = userName;
  // One that holds for ever takes the place of one that did not.
  const held = identity ?? (reauthentication ? { userName } : undefined);
  if (held !== undefined) event.identity = held;
  bind(authentication, event, identity?.clientId);
}

/** Refuses a Client Identifier that is not for this user, and chooses one for a client without. */
function bind(
  { clientIdPattern }: Authentication,
  event: ValidatingConnectionEvent,
  clientId: string | undefined,
): void {
  const { userName } = event;
  if (event.clientId === "") {
    const assigned = clientId ?? clientIdPattern?.assigned(userName, randomUUID);
    if (assigned !== undefined) event.assignedClientId = assigned;
    else if (clientIdPattern === undefined) return;
  }
  const used = event.clientId || event.assignedClientId;
  const isOwn = clientId === undefined || used === clientId;
  const isFit = clientIdPattern === undefined || clientIdPattern.allows(used ?? "", userName);
  if (isOwn && isFit) return;
  event.reasonCode = event.reauthentication
    ? ReasonCode.notAuthorized
    : ReasonCode.clientIdentifierNotValid;
  event.reasonString = isOwn
    ? `this user may have Client Identifiers like ${String(clientIdPattern)} only`
    : "this user may have another Client Identifier only";
}

/** A back end that does not answer lets nobody in. Clients shall come again: 0x86 would have some of them give up. */
function failed(
  { warnings }: Authentication,
  event: ValidatingConnectionEvent,
  { by, error }: { readonly by: string; readonly error: unknown },
): void {
  if (error instanceof MqttServerBusyError) {
    event.reasonCode = ReasonCode.serverBusy;
    event.reasonString = error.message;
    return warnings.busy(event);
  }
  event.reasonCode = ReasonCode.serverUnavailable;
  event.reasonString = "who the client is cannot be found out now";
  warnings.failed(by, event, asError(error));
}

/** Who names a method that is not known here and shows no password is refused for the method [MQTT-4.12.0-1]. */
function refuse({ authenticators }: Authentication, event: ValidatingConnectionEvent): void {
  const { authenticationMethod: method, password } = event;
  const isAboutMethod = method !== undefined && password === undefined;
  event.reasonCode =
    isAboutMethod && !authenticators.checks(method)
      ? ReasonCode.badAuthenticationMethod
      : ReasonCode.badUserNameOrPassword;
}
