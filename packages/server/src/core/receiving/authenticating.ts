import type { AuthenticationState } from "../connection/authentication-state.ts";
import { ProtocolError, reasonCodeSender, showValue } from "@anax/protocol";
import type { AuthPacket, AuthProperties } from "@anax/protocol";
import { changeAccess } from "./judging.ts";
import { dismiss } from "../endings/closing.ts";
import { unsupportedMethod } from "./connect-rules.ts";
import type { Refusal } from "../connection/refusal.ts";
import type { Connection } from "../connection/connection.ts";
import type { ReceivingContext } from "./receiving-context.ts";
import type { AuthenticationExchange, ValidatingConnection } from "../hooks/connection-events.ts";
import { identify } from "./expiring-identity.ts";
import { sendPacket } from "../connection/outgoing.ts";
import { settled } from "../pending.ts";
import type { Task } from "../pending.ts";
import { reportUnlessAbandoned } from "../works/work.ts";

const SUCCESS = 0x00;
const CONTINUE_AUTHENTICATION = 0x18;
const REAUTHENTICATE = 0x19;
const NOT_AUTHORIZED = 0x87;

/** What the handler of `validatingConnection` exchanges AUTH packets through. `begun` is called at each step. */
export function exchangeFor(
  core: ReceivingContext,
  connection: Connection,
  state: AuthenticationState,
  begun: () => void,
): AuthenticationExchange {
  return {
    method: state.method,
    send(step, answered) {
      if (!connection.isOpen) return answered(undefined);
      begun();
      state.answered = answered;
      const properties: AuthProperties = { authenticationMethod: state.method, ...step };
      sendPacket(core, connection, {
        type: "auth",
        reasonCode: CONTINUE_AUTHENTICATION,
        properties,
      });
      core.readOn(connection);
    },
  };
}

/** AUTH came: an answer that somebody waits for, or the start of a re-authentication [MQTT-4.12.1-1]. */
export function receiveAuth(
  core: ReceivingContext,
  connection: Connection,
  packet: AuthPacket,
): void {
  const state = connection.authentication;
  if (state === undefined) throw new ProtocolError("AUTH without Authentication Method in CONNECT");
  if (packet.properties?.authenticationMethod !== state.method) {
    throw new ProtocolError(
      `Authentication Method differs from ${showValue(state.method)} of CONNECT`,
    );
  }
  if (packet.reasonCode === CONTINUE_AUTHENTICATION && state.answered !== undefined) {
    const { answered } = state;
    state.answered = undefined;
    return answered(packet);
  }
  if (packet.reasonCode !== REAUTHENTICATE || connection.state !== "connected" || state.isRunning) {
    throw new ProtocolError(`AUTH with Reason Code ${packet.reasonCode} is not expected now`);
  }
  startReauthentication(core, connection, state, packet);
}

function startReauthentication(
  core: ReceivingContext,
  connection: Connection,
  state: AuthenticationState,
  packet: AuthPacket,
): void {
  state.isRunning = true;
  const finish = (): void => {
    state.isRunning = false;
  };
  // Other packets go on meanwhile under the old identity.
  const task = reauthenticate(core, connection, state, packet);
  core.works.run("AUTH", connection, task, finish, (error) => {
    finish();
    reportUnlessAbandoned(core, error);
    dismiss(core, connection, { reasonCode: NOT_AUTHORIZED });
  });
}

function* reauthenticate(
  core: ReceivingContext,
  connection: Connection,
  state: AuthenticationState,
  packet: AuthPacket,
): Task {
  const args = reauthenticationArguments(core, connection, state, packet);
  yield* settled(core.hooks.validatingConnection?.(args, connection));
  if (!connection.isOpen) return;
  const refusal = refusedMethod(args) ?? args;
  if (refusal.reasonCode >= 0x80) {
    const { reasonCode, reasonString } = refusal;
    // CONNACK has codes that DISCONNECT does not have.
    const isTellable = reasonCodeSender(reasonCode, "disconnect") !== undefined;
    return dismiss(core, connection, {
      reasonCode: isTellable ? reasonCode : NOT_AUTHORIZED,
      ...(reasonString === undefined ? {} : { reasonString }),
    });
  }
  if (args.identity !== undefined) {
    identify(core, connection, args.identity);
    yield* changeAccess(core, connection);
    if (!connection.isOpen) return;
  }
  const properties: AuthProperties = {
    authenticationMethod: state.method,
    ...(args.responseAuthenticationData && { authenticationData: args.responseAuthenticationData }),
    ...(args.reasonString !== undefined && { reasonString: args.reasonString }),
    ...(args.responseUserProperties && { userProperties: args.responseUserProperties }),
  };
  sendPacket(core, connection, { type: "auth", reasonCode: SUCCESS, properties });
}

/** A method that nobody has checked lets nobody in [MQTT-4.12.0-1]. */
export function refusedMethod(args: ValidatingConnection): Refusal | undefined {
  const { authenticationMethod: method, authenticationMethodAccepted, reasonCode } = args;
  if (method === undefined || authenticationMethodAccepted || reasonCode >= 0x80) return undefined;
  return unsupportedMethod(method);
}

function reauthenticationArguments(
  core: ReceivingContext,
  connection: Connection,
  state: AuthenticationState,
  packet: AuthPacket,
): ValidatingConnection {
  const { authenticationData, userProperties } = packet.properties ?? {};
  const args: ValidatingConnection = {
    clientId: connection.clientId,
    ...(connection.userName === undefined ? {} : { userName: connection.userName }),
    cleanStart: false,
    keepAliveSeconds: connection.agreement.keepAliveSeconds,
    protocolVersion: 5,
    peer: connection.peer,
    authenticationMethod: state.method,
    ...(authenticationData === undefined ? {} : { authenticationData }),
    requestProblemInformation: connection.requestProblemInformation,
    requestResponseInformation: false,
    sessionExpiryIntervalSeconds: connection.session?.expiryIntervalSeconds ?? 0,
    topicAliasMaximum: connection.topicAliasMaximum,
    userProperties: userProperties ?? [],
    reauthentication: true,
    exchange: exchangeFor(core, connection, state, () => {
      args.authenticationMethodAccepted = true;
    }),
    sessionItems: connection.sessionItems,
    isAwaited: () => connection.isAwaited,
    authenticationMethodAccepted: false,
    reasonCode: SUCCESS,
  };
  return args;
}
