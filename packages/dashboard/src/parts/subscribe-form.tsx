import { useState } from "preact/hooks";
import { useStore } from "../state/store.ts";
import { subscribe, subscriptions, unsubscribe } from "../state/test-connection.ts";
import { say } from "../words/words.ts";
import { CheckField, ChoiceField, Field, QosField, TextField } from "./field.tsx";
import { optionalNumber } from "./user-properties.ts";

const COLORS = ["#2563eb", "#c2410c", "#15803d", "#9333ea", "#be123c", "#0e7490", "#a16207"];

export function SubscribeForm() {
  const now = useStore(subscriptions);
  const [topicFilter, setTopicFilter] = useState("#");
  const [qos, setQos] = useState<0 | 1 | 2>(0);
  const [color, setColor] = useState(COLORS[0] ?? "");
  const [noLocal, setNoLocal] = useState(false);
  const [retainAsPublished, setRetainAsPublished] = useState(false);
  const [retainHandling, setRetainHandling] = useState<"0" | "1" | "2">("0");
  const [identifier, setIdentifier] = useState("");
  const submit = async (): Promise<void> => {
    await subscribe(topicFilter, color, {
      qos,
      noLocal,
      retainAsPublished,
      retainHandling: Number(retainHandling) as 0 | 1 | 2,
      subscriptionIdentifier: optionalNumber(identifier),
    });
    setColor(COLORS[(COLORS.indexOf(color) + 1) % COLORS.length] ?? color);
  };
  return (
    <section class="card" aria-label={say("subscriptions")}>
      <h2>{say("subscriptions")}</h2>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <div class="fields">
          <TextField label={say("topicFilter")} value={topicFilter} set={setTopicFilter} />
          <QosField label={say("qos")} value={qos} set={setQos} />
          <Field label={say("color")}>
            <input
              type="color"
              value={color}
              onInput={({ currentTarget }) => setColor(currentTarget.value)}
            />
          </Field>
        </div>
        <details>
          <summary>{say("moreOptions")}</summary>
          <div class="fields">
            <CheckField label={say("noLocal")} value={noLocal} set={setNoLocal} />
            <CheckField
              label={say("retainAsPublished")}
              value={retainAsPublished}
              set={setRetainAsPublished}
            />
            <ChoiceField
              label={say("retainHandling")}
              value={retainHandling}
              set={setRetainHandling}
              choices={[
                ["0", "0"],
                ["1", "1"],
                ["2", "2"],
              ]}
            />
            <TextField
              type="number"
              label={say("subscriptionIdentifier")}
              value={identifier}
              set={setIdentifier}
            />
          </div>
        </details>
        <button type="submit" class="primary">
          {say("subscribe")}
        </button>
      </form>
      <ul class="subscriptions">
        {now.map((one) => (
          <li key={one.topicFilter}>
            <span class="swatch" style={{ background: one.color }} aria-hidden="true" />
            <span>{one.topicFilter}</span>{" "}
            <span class="soft">
              {say("qos")} {one.qos}
            </span>
            <button
              type="button"
              aria-label={`${say("unsubscribe")} ${one.topicFilter}`}
              onClick={() => void unsubscribe(one.topicFilter)}
            >
              {say("unsubscribe")}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
