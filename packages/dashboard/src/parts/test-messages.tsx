import { useState } from "preact/hooks";
import { useStore } from "../state/store.ts";
import { bytesText } from "../state/payload.ts";
import { enterAnswer } from "../state/publish-entry.ts";
import { messages, MESSAGES_MAX } from "../state/test-messages.ts";
import type { ShownMessage } from "../state/test-messages.ts";
import { say, time } from "../words/words.ts";
import { Facts } from "./facts.tsx";
import type { Fact } from "./facts.tsx";
import { briefOf, PayloadView } from "./payload-view.tsx";

/** Messages that are drawn; the others are kept. */
const DRAWN = 100;

export function TestMessages() {
  const all = useStore(messages.store);
  return (
    <section>
      <h2>{say("messages")}</h2>
      <p class="row">
        <span class="soft">{say("messagesKept", { count: MESSAGES_MAX })}</span>
        <button type="button" onClick={() => messages.clear()}>
          {say("clear")}
        </button>
      </p>
      {all.length === 0 ? (
        <p class="soft">{say("messagesNone")}</p>
      ) : (
        <ol class="messages" aria-label={say("messages")}>
          {all.slice(0, DRAWN).map((message) => (
            <Shown key={message.id} message={message} />
          ))}
        </ol>
      )}
    </section>
  );
}

function Shown({ message }: { readonly message: ShownMessage }) {
  const [isOpen, setOpen] = useState(false);
  const { direction, topic, payload, contentType, color, atMs } = message;
  const { responseTopic } = message;
  return (
    <li class={direction} style={color === undefined ? {} : { borderInlineStartColor: color }}>
      <button type="button" class="plain" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <time>{time(atMs)}</time> <strong>{topic}</strong>{" "}
        {direction !== "received" && (
          <span class="badge">{say(direction === "answer" ? "answer" : "sentMessage")}</span>
        )}{" "}
        <code>{briefOf(payload, payload.length)}</code>
      </button>
      {isOpen && (
        <div>
          <Facts facts={factsOf(message)} />
          {responseTopic !== undefined && direction === "received" && (
            <button
              type="button"
              onClick={() => enterAnswer(responseTopic, message.correlationData)}
            >
              {say("enterAnswer")}
            </button>
          )}
          <PayloadView payload={payload} contentType={contentType} />
        </div>
      )}
    </li>
  );
}

/** All that the packet says beside topic and payload. */
function factsOf(message: ShownMessage): Fact[] {
  const { qos, retain, duplicate, contentType, responseTopic, correlationData } = message;
  const { userProperties, subscriptionIdentifiers, messageExpiryIntervalSeconds } = message;
  const flags = [...(retain ? [say("retain")] : []), ...(duplicate ? [say("duplicate")] : [])];
  return [
    [say("qos"), qos],
    [say("flags"), flags.length > 0 ? flags.join(", ") : undefined],
    [say("contentType"), contentType],
    [say("payloadFormat"), message.payloadFormatIndicator === 1 ? say("viewText") : undefined],
    [say("messageExpiry"), messageExpiryIntervalSeconds],
    [say("responseTopic"), responseTopic],
    [say("correlationData"), correlationData && bytesText(correlationData)],
    [say("subscriptionIdentifier"), subscriptionIdentifiers?.join(", ")],
    [
      say("userPropertiesSeen"),
      userProperties?.map(([name, value]) => `${name}=${value}`).join(", "),
    ],
  ];
}
