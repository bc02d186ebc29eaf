import { useState } from "preact/hooks";
import { useStore } from "../state/store.ts";
import { clearMessages, messages, MESSAGES_MAX } from "../state/test-connection.ts";
import type { ShownMessage } from "../state/test-connection.ts";
import { say, time } from "../words/words.ts";
import { briefOf, PayloadView } from "./payload-view.tsx";

/** Messages that are drawn; the others are kept. */
const DRAWN = 100;

export function TestMessages() {
  const all = useStore(messages);
  return (
    <section>
      <h2>{say("messages")}</h2>
      <p class="row">
        <span class="soft">{say("messagesKept", { count: MESSAGES_MAX })}</span>
        <button type="button" onClick={clearMessages}>
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
  const { direction, topic, payload, qos, retain, contentType, color } = message;
  const { responseTopic, userProperties, atMs } = message;
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
          <p class="soft">
            {say("qos")} {qos}
            {retain && ` · ${say("retain")}`}
            {contentType !== undefined && ` · ${say("contentType")}: ${contentType}`}
            {responseTopic !== undefined && ` · ${say("responseTopic")}: ${responseTopic}`}
            {userProperties.map(([name, value]) => ` · ${name}=${value}`).join("")}
          </p>
          <PayloadView payload={payload} contentType={contentType} />
        </div>
      )}
    </li>
  );
}
