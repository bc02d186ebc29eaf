/** What `anax store` prints of a store. */
import type { ApplicationMessage } from "@anax/server";
import type { StoreContents, StoredMessageView } from "@anax/server/journal";
import { textOf } from "../subscribing/received-message.ts";

/** Everything that a store holds, one JSON object in a line. */
export function* dumpLines(contents: StoreContents): Generator<string, void, undefined> {
  for (const { subscriptions, inFlight, ...session } of contents.sessions()) {
    const { clientId } = session;
    yield line("session", { ...session, ...times(session) });
    for (const subscription of subscriptions)
      yield line("subscription", { clientId, ...subscription });
    for (const { packetIdentifier, state, delivery } of inFlight) {
      const message = delivery === undefined ? {} : delivered(delivery);
      yield line("inFlight", { clientId, packetIdentifier, state, ...message });
    }
    for (const queued of contents.queueOf(clientId))
      yield line("queued", { clientId, ...delivered(queued) });
  }
  for (const message of contents.retained()) yield line("retained", messageFields(message));
}

function line(type: string, fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ type, ...fields });
}

function times(session: {
  readonly createdAtMs: number;
  readonly disconnectedAtMs: number | undefined;
}): Readonly<Record<string, string | undefined>> {
  const { createdAtMs, disconnectedAtMs } = session;
  return {
    createdAt: new Date(createdAtMs).toISOString(),
    disconnectedAt:
      disconnectedAtMs === undefined ? undefined : new Date(disconnectedAtMs).toISOString(),
  };
}

function delivered(view: StoredMessageView): Readonly<Record<string, unknown>> {
  const { messageNumber, qos, message } = view;
  return { messageNumber, ...(message && messageFields(message)), qos };
}

/** A payload that is no UTF-8 is `payloadBase64`. */
function messageFields(message: ApplicationMessage): Readonly<Record<string, unknown>> {
  const { payload, correlationData, ...fields } = message;
  const text = textOf(payload);
  return {
    ...fields,
    ...(text === undefined ? { payloadBase64: base64(payload) } : { payload: text }),
    ...(correlationData && { correlationDataBase64: base64(correlationData) }),
  };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

/** Named numbers, one in a line, in one column. */
export function numberLines(numbers: Readonly<Record<string, number | string>>): readonly string[] {
  const words = Object.entries(numbers).map(([name, value]) => [wordsOf(name), String(value)]);
  const width = Math.max(...words.map(([name = ""]) => name.length));
  return words.map(([name = "", value = ""]) => `${name.padEnd(width)}  ${value}`);
}

/** `owedMessages` as `owed messages`. */
function wordsOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
