/** A server that does not know MQTT 5.0 answers CONNECT by a CONNACK of MQTT 3.1.1, which 5.0 cannot decode. */
import { reasonCodeOfReturnCode } from "@anax/protocol";
import { MqttConnectError } from "./errors.ts";

const CONNACK = 0x20;
const UNSUPPORTED_PROTOCOL_VERSION = 0x84;

/** Whether this is a CONNACK without properties, not even their length, which 5.0 always has. */
export function isOldConnack(firstByte: number, bodyBytes: number): boolean {
  return firstByte === CONNACK && bodyBytes === 2;
}

/** What to tell the application. Return Code 1 means the version; so does 0, since such a server takes us for one of its own. */
export function oldServerError(returnCode: number): MqttConnectError {
  const reasonCode =
    returnCode < 2 ? UNSUPPORTED_PROTOCOL_VERSION : reasonCodeOfReturnCode(returnCode);
  return new MqttConnectError(
    `the server answers as MQTT 3.1.1 (Return Code ${returnCode}), not 5.0: set protocolVersion: 4`,
    { reasonCode },
  );
}
