/** The fields of all events side by side: MQTTnet's by reflection, ours as the reference has them. */
import { readFileSync } from "node:fs";

/** Fields of each event, and whether handlers may write them. */
export type EventFields = Readonly<Record<string, Readonly<Record<string, boolean>>>>;

/** MQTTnet's name of a field, and ours where it is another; with the event's name before it where only that differs. */
export const RENAMED: Readonly<Record<string, string>> = {
  "applicationMessageNotConsumed.senderId": "senderClientId",
  "clientUnsubscribedTopic.topicFilter": "topic",
  "interceptingSubscription.reasonString": "response",
  "loadingRetainedMessage.loadedRetainedMessages": "loadedRetainedMessages",
  "preparingSession.id": "clientId",
  "preparingSession.items": "sessionItems",
  "preparingSession.publishPackets": "messages",
  "preparingSession.willDelayInterval": "willDelayIntervalSeconds",
  "queuedApplicationMessageOverwritten.packet": "applicationMessage",
  "sessionDeleted.id": "clientId",
  assignedClientIdentifier: "assignedClientId",
  cleanSession: "cleanStart",
  clientCertificate: "peer",
  endpoint: "peer",
  isSecureConnection: "peer",
  keepAlivePeriod: "keepAliveSeconds",
  rawPassword: "password",
  remoteEndPoint: "peer",
  sessionExpiryInterval: "sessionExpiryIntervalSeconds",
  willDelayInterval: "will",
};

/** What there is no field for, and what there is instead. */
export const NO_FIELD: Readonly<Record<string, string>> = {
  cancellationToken: "`signal`, an `AbortSignal`",
  channelAdapter: "`peer`, and counters in `server.clients.get(clientId)`",
  session: "`server.sessions.get(event.clientId)`",
  storedRetainedMessages: "`server.retainedMessages`, which is up to date in the handler",
};

/** Why a field may be written on one side only. */
export const WRITABLE: Readonly<Record<string, string>> = {
  "interceptingClientEnqueue.applicationMessage":
    "MQTTnet's message is changed in place, for later receivers too; ours is replaced, for this one",
  "interceptingSubscription.reasonString": "`response.reasonString`",
  "interceptingSubscription.userProperties":
    "ours are the client's; the answer's are `response.userProperties`",
  "interceptingUnsubscription.userProperties":
    "ours are the client's; the answer's are `response.userProperties`",
  "interceptingUnsubscription.response": "its fields are written",
  "preparingSession.id": "the identifier is the client's",
  "preparingSession.isExistingSession": "it is a fact",
  "preparingSession.items": "a `Map` to be filled",
  "preparingSession.publishPackets": "the list is filled, or replaced",
  "preparingSession.subscriptions": "the list is filled, or replaced",
  "preparingSession.willDelayInterval": "it is what CONNECT says",
  "validatingConnection.authenticationData":
    "ours is the client's; the answer's is `responseAuthenticationData`",
  "validatingConnection.sessionItems": "a `Map` to be filled",
  "validatingConnection.userName": "who the client is, for all later events",
};

/** One field of one event that is not the same on both sides. */
export interface FieldDifference {
  readonly event: string;
  readonly mqttnet: string;
  /** Undefined if there is none of that kind. */
  readonly anax: string | undefined;
  readonly reason: string | undefined;
}

/** Fields of ours, from the reference: a section for each event, a row for each field. */
export function ourFields(): EventFields {
  const page = readFileSync(new URL("../../../docs/reference/events.md", import.meta.url), "utf8");
  const sections = page.split(/^## /mu).slice(1);
  return Object.fromEntries(
    sections.map((section) => {
      const rows = section.matchAll(/^\| `(\w+)\??` \| .* \| (.*) \|$/gmu);
      const fields = Array.from(rows, ([, name = "", text = ""]) => [
        name,
        text.startsWith("**writable**"),
      ]);
      return [section.slice(0, section.indexOf("\n")), Object.fromEntries(fields)];
    }),
  );
}

/** Every field of theirs that is none of ours by the same name, or is written by handlers on one side only. */
export function fieldDifferences(theirs: EventFields, ours: EventFields): FieldDifference[] {
  const differences: FieldDifference[] = [];
  for (const event of Object.keys(theirs).toSorted()) {
    for (const [field, isWritable] of Object.entries(theirs[event] ?? {})) {
      const mine = ours[event] ?? {};
      const name =
        RENAMED[`${event}.${field}`] ?? (field in mine ? field : (RENAMED[field] ?? field));
      const anax = name in mine ? name : undefined;
      const isSame = anax === field && mine[field] === isWritable;
      if (isSame) continue;
      const written = anax !== undefined && mine[anax] !== isWritable;
      const reason = anax === undefined ? NO_FIELD[field] : WRITABLE[`${event}.${field}`];
      differences.push({
        event,
        mqttnet: field,
        anax,
        reason: written || anax === undefined ? reason : undefined,
      });
    }
  }
  return differences;
}
