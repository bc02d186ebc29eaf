/**
 * Every public member of MQTTnet 5.2 that programs use, and what it is here. A test holds the table to the list of members
 * (`interop/mqttnet/surface/members.jsonl`, read out of the assemblies) and to our exported types. Builders and factories have a table
 * of their own, the arguments of events that of the run in the guide.
 */
import { CLIENT_MEMBERS } from "./mqttnet-client-members.ts";
import { SERVER_MEMBERS } from "./mqttnet-server-members.ts";

/** A member that has another name, or none, with the reason. */
export type MemberHere = string | { readonly missing: string };

/** A type of MQTTnet. */
export interface TypeHere {
  /** Our exported types that have its members: in camelCase without `Async`, where `renamed` does not say otherwise. */
  readonly here?: readonly string[];
  readonly renamed?: Readonly<Record<string, MemberHere>>;
  /** What there is in place of the type as a whole. */
  readonly whole?: string;
}

/** By their names in MQTTnet. */
export const MQTTNET_MEMBERS: Readonly<Record<string, TypeHere>> = {
  ...SERVER_MEMBERS,
  ...CLIENT_MEMBERS,
};

/** Enumerations that are words or small numbers here; of all others each number is a Reason Code. */
export const MQTTNET_ENUMERATIONS: Readonly<Record<string, string>> = {
  MqttClientConnectionStatus: "`client.connected`",
  MqttClientDisconnectType: '`"clean"`, `"notClean"`, `"takeover"`',
  MqttConnectReturnCode: "Reason Codes, of 3.1.1 too: the server writes the return code that fits",
  MqttControlPacketType: '`packet.type`, a word: `"connect"`, `"connack"` …',
  MqttNetLogLevel: "`LogLevel`, a word",
  MqttPacketFlowDirection: '`"in"`, `"out"`',
  MqttPayloadFormatIndicator: "0, 1",
  MqttProxyErrorCode: "what the proxy said is in the words of the error",
  MqttPendingMessagesOverflowStrategy:
    '`"dropOldest"`, `"dropNewest"`; the builder takes both names and numbers',
  MqttProtocolVersion: "3, 4, 5",
  MqttQualityOfServiceLevel: "0, 1, 2",
  MqttRetainHandling: "0, 1, 2",
  MqttSubscribeReturnCode: "0, 1, 2, 0x80",
  MqttTopicFilterCompareResult:
    "true or false; `isTopicName` and `isTopicFilter` say what is well formed",
};

/** Public in MQTTnet, but for its own parts: sockets, packets, checks. */
export const OWN_PARTS: readonly string[] = [
  "BufferExtensions",
  "DuplexPipe",
  "ExchangeEnhancedAuthenticationResultFactory",
  "MqttApplicationMessageValidator",
  "MqttClientConnectResultFactory",
  "MqttClientDefaultCertificateValidationHandler",
  "MqttClientDisconnectOptionsValidator",
  "MqttClientOptionsValidator",
  "MqttClientPublishResultFactory",
  "MqttClientSubscribeOptionsValidator",
  "MqttClientSubscribeResultFactory",
  "MqttClientUnsubscribeOptionsValidator",
  "MqttClientUnsubscribeResultFactory",
  "MqttConnectionContext",
  "MqttHostedServer",
  "MqttNetSourceLogger",
  "MqttNetSourceLoggerExtensions",
  "MqttPacket",
  "MqttPacketExtensions",
  "MqttPacketIdentifierProvider",
  "MqttPropertyId",
  "MqttRetainedMessageMatch",
  "MqttWebSocketServerAdapter",
  "ReaderExtensions",
  "SocketAwaitable",
  "SocketConnection",
  "SocketReceiver",
  "SocketSender",
];

/** The name of a member here, unless the table says another. */
export function plainName(member: string): string {
  const name = member.replace(/Async$/u, "");
  return name.charAt(0).toLowerCase() + name.slice(1);
}

/** The section of the reference: what has another name or none, type by type. */
export function membersSection(): string {
  const types = Object.entries(MQTTNET_MEMBERS).map(
    ([name, { here = [], renamed = {}, whole }]) => {
      if (whole !== undefined) return `| \`${name}\` | | ${whole} |`;
      const rows = Object.entries(renamed).map(([member, text]) => {
        const said = typeof text === "string" ? text : `**not here**: ${text.missing}`;
        return `| | \`${member}\` | ${said} |`;
      });
      return [`| \`${name}\` | | ${here.map((one) => `\`${one}\``).join(", ")} |`, ...rows].join(
        "\n",
      );
    },
  );
  const enumerations = Object.entries(MQTTNET_ENUMERATIONS).map(
    ([name, text]) => `| \`${name}\` | | ${text} |`,
  );
  return `| type | member | Anax |\n|---|---|---|\n${[...types, ...enumerations].join("\n")}`;
}
