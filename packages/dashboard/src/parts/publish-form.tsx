import type { PublishOptions } from "@anax/client";
import { useState } from "preact/hooks";
import { useEntered } from "../state/entered.ts";
import { errorText } from "../state/error-text.ts";
import { publishEntry } from "../state/publish-entry.ts";
import { keepPublished, publishHistory } from "../state/publish-history.ts";
import type { PublishEntry } from "../state/publish-history.ts";
import { ask, failure, publish } from "../state/test-connection.ts";
import { say } from "../words/words.ts";
import { BytesField } from "./bytes-field.tsx";
import { CheckField, Field, NumberField, optionalNumber, QosField, TextField } from "./field.tsx";
import { MessagePropertyFields, messagePropertiesOf } from "./message-properties.tsx";
import { bytesOf } from "./payload-format.ts";

export function PublishForm() {
  const [entry, set, change] = useEntered(publishEntry);
  const [history, setHistory] = useState(publishHistory);
  const [done, setDone] = useState("");
  const send = async (isRequest: boolean): Promise<void> => {
    setDone("");
    try {
      const payload = bytesOf(entry.payload);
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
        <History entries={history} />
        <div class="fields">
          <TextField label={say("topic")} value={entry.topic} set={set("topic")} />
          <QosField label={say("qos")} value={entry.qos} set={set("qos")} />
          <CheckField label={say("retain")} value={entry.retain} set={set("retain")} />
        </div>
        <BytesField
          hasJson
          rows={4}
          label={say("payload")}
          value={entry.payload}
          set={set("payload")}
        />
        <details>
          <summary>{say("moreOptions")}</summary>
          <div class="fields">
            <MessagePropertyFields entered={entry} change={change} />
            <NumberField
              label={say("topicAlias")}
              value={entry.topicAlias}
              set={set("topicAlias")}
            />
          </div>
        </details>
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

/** What was published before, to be taken into the form. */
function History({ entries }: { readonly entries: readonly PublishEntry[] }) {
  if (entries.length === 0) return null;
  return (
    <Field label={say("history")}>
      <select
        value=""
        onChange={({ currentTarget }) => {
          const chosen = entries[Number(currentTarget.value)];
          if (chosen !== undefined) publishEntry.set(chosen);
        }}
      >
        <option value="" />
        {entries.map(({ topic, payload: { text } }, index) => (
          <option key={`${index} ${topic}`} value={index}>
            {`${topic}  ${text.slice(0, 40)}`}
          </option>
        ))}
      </select>
    </Field>
  );
}

/** Throws `RangeError` for what is no User Property, or no bytes. */
function optionsOf(entry: PublishEntry): PublishOptions {
  const { qos, retain } = entry;
  return {
    qos,
    retain,
    ...messagePropertiesOf(entry),
    topicAlias: optionalNumber(entry.topicAlias),
  };
}
