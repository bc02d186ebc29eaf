import type { PublishOptions } from "@anax/client";
import { useState } from "preact/hooks";
import { errorText } from "../state/error-text.ts";
import { keepPublished, publishHistory } from "../state/publish-history.ts";
import type { PublishEntry } from "../state/publish-history.ts";
import { ask, failure, publish } from "../state/test-connection.ts";
import { say } from "../words/words.ts";
import { CheckField, ChoiceField, Field, QosField, TextField } from "./field.tsx";
import { bytesOf } from "./payload-format.ts";
import { optionalNumber, userPropertiesOf } from "./user-properties.ts";

const FIRST: PublishEntry = {
  topic: "test",
  text: "",
  format: "text",
  qos: 0,
  retain: false,
  contentType: "",
  responseTopic: "",
  correlationData: "",
  messageExpiry: "",
  topicAlias: "",
  isText: false,
  userProperties: "",
};

let kept = FIRST;

export function PublishForm() {
  const [entry, setEntry] = useState(kept);
  const [history, setHistory] = useState(publishHistory);
  const [done, setDone] = useState("");
  kept = entry;
  const set = <Name extends keyof PublishEntry>(name: Name) => {
    return (value: PublishEntry[Name]): void => setEntry((one) => ({ ...one, [name]: value }));
  };
  const send = async (isRequest: boolean): Promise<void> => {
    setDone("");
    try {
      const payload = bytesOf(entry.text, entry.format);
      const options = optionsOf(entry);
      setHistory(keepPublished(entry));
      if (isRequest) return await ask(entry.topic, payload, options);
      const code = await publish(entry.topic, payload, options);
      if (code !== undefined)
        setDone(say("published", { code: code.toString(16).padStart(2, "0") }));
    } catch (error) {
      failure.set(errorText(error));
    }
    return undefined;
  };
  return (
    <section class="card" aria-label={say("publish")}>
      <h2>{say("publish")}</h2>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void send(false);
        }}
      >
        {history.length > 0 && (
          <Field label={say("history")}>
            <select
              value=""
              onChange={({ currentTarget }) =>
                setEntry(history[Number(currentTarget.value)] ?? entry)
              }
            >
              <option value="" />
              {history.map(({ topic, text }, index) => (
                <option key={`${index} ${topic}`} value={index}>
                  {`${topic}  ${text.slice(0, 40)}`}
                </option>
              ))}
            </select>
          </Field>
        )}
        <div class="fields">
          <TextField label={say("topic")} value={entry.topic} set={set("topic")} />
          <QosField label={say("qos")} value={entry.qos} set={set("qos")} />
          <ChoiceField
            label={say("format")}
            value={entry.format}
            set={set("format")}
            choices={[
              ["text", say("viewText")],
              ["json", say("viewJson")],
              ["hex", say("viewHex")],
              ["base64", say("formatBase64")],
            ]}
          />
          <CheckField label={say("retain")} value={entry.retain} set={set("retain")} />
        </div>
        <Field label={say("payload")}>
          <textarea
            rows={4}
            value={entry.text}
            onInput={({ currentTarget }) => set("text")(currentTarget.value)}
          />
        </Field>
        <MoreOptions entry={entry} set={set} />
        <p class="row">
          <button type="submit" class="primary">
            {say("publish")}
          </button>
          <button type="button" title={say("requestHint")} onClick={() => void send(true)}>
            {say("request")}
          </button>
          <output>{done}</output>
        </p>
      </form>
    </section>
  );
}

type SetEntry = <Name extends keyof PublishEntry>(
  name: Name,
) => (value: PublishEntry[Name]) => void;

function MoreOptions({ entry, set }: { readonly entry: PublishEntry; readonly set: SetEntry }) {
  return (
    <details>
      <summary>{say("moreOptions")}</summary>
      <div class="fields">
        {(["contentType", "responseTopic", "correlationData"] as const).map((name) => (
          <TextField key={name} label={say(name)} value={entry[name]} set={set(name)} />
        ))}
        <TextField
          type="number"
          label={say("messageExpiry")}
          value={entry.messageExpiry}
          set={set("messageExpiry")}
        />
        <TextField
          type="number"
          label={say("topicAlias")}
          value={entry.topicAlias}
          set={set("topicAlias")}
        />
        <CheckField label={say("isText")} value={entry.isText} set={set("isText")} />
        <Field label={say("userProperties")}>
          <textarea
            value={entry.userProperties}
            onInput={({ currentTarget }) => set("userProperties")(currentTarget.value)}
          />
        </Field>
      </div>
    </details>
  );
}

/** Throws `RangeError` for a User Property that is none. */
function optionsOf(entry: PublishEntry): PublishOptions {
  const { qos, retain, contentType, responseTopic, correlationData } = entry;
  const userProperties = userPropertiesOf(entry.userProperties);
  return {
    qos,
    retain,
    ...(contentType !== "" && { contentType }),
    ...(responseTopic !== "" && { responseTopic }),
    ...(correlationData !== "" && { correlationData: bytesOf(correlationData, "text") }),
    ...(entry.messageExpiry !== "" && {
      messageExpiryIntervalSeconds: optionalNumber(entry.messageExpiry),
    }),
    ...(entry.topicAlias !== "" && { topicAlias: optionalNumber(entry.topicAlias) }),
    ...(entry.isText && { payloadFormatIndicator: 1 }),
    ...(userProperties.length > 0 && { userProperties }),
  };
}
