import type { ConnectPacket } from "@anax/protocol";
import type { Connection } from "../connection/connection.ts";
import type { ReceivingContext } from "./receiving-context.ts";
import { frozenCopy } from "../freezing.ts";
import type { ValidatingConnection } from "../hooks/connection-events.ts";
import { shownBytes } from "../inspecting.ts";
import { exchangeFor } from "./authenticating.ts";

/** The arguments while they are put together. */
type Unfinished<Arguments> = { -readonly [Field in keyof Arguments]: Arguments[Field] };

/** What the handlers of `validatingConnection` are asked about a CONNECT. */
export function validationArguments(
  core: ReceivingContext,
  connection: Connection,
  packet: ConnectPacket,
): ValidatingConnection {
  const { userName, password, will, properties = {} } = packet;
  const { authenticationMethod, authenticationData, maximumPacketSize, receiveMaximum } =
    properties;
  const { authentication } = connection;
  const args: Unfinished<ValidatingConnection> = {
    clientId: packet.clientId,
    cleanStart: packet.cleanStart,
    keepAliveSeconds: packet.keepAliveSeconds,
    protocolVersion: packet.protocolVersion,
    peer: connection.peer,
    requestProblemInformation: properties.requestProblemInformation ?? true,
    requestResponseInformation: properties.requestResponseInformation ?? false,
    sessionExpiryIntervalSeconds: properties.sessionExpiryIntervalSeconds ?? 0,
    topicAliasMaximum: properties.topicAliasMaximum ?? 0,
    userProperties: properties.userProperties ?? [],
    reauthentication: false,
    sessionItems: connection.sessionItems,
    isAwaited: () => connection.isAwaited,
    authenticationMethodAccepted: false,
    reasonCode: 0,
  };
  // Spread into the literal, each of these would give the object of every client a hidden class of its own.
  if (userName !== undefined) args.userName = userName;
  if (password !== undefined) args.password = shownBytes(password);
  if (authenticationMethod !== undefined) args.authenticationMethod = authenticationMethod;
  if (authenticationData !== undefined) args.authenticationData = shownBytes(authenticationData);
  if (maximumPacketSize !== undefined) args.maximumPacketSize = maximumPacketSize;
  if (receiveMaximum !== undefined) args.receiveMaximum = receiveMaximum;
  if (will !== undefined) args.will = frozenCopy(will);
  if (authentication !== undefined) {
    args.exchange = exchangeFor(core, connection, authentication, () => {
      args.authenticationMethodAccepted = true;
    });
  }
  return args;
}
