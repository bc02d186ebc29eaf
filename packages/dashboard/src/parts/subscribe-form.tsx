import { useEntered } from "../state/entered.ts";
import { errorText } from "../state/error-text.ts";
import { Store, useStore } from "../state/store.ts";
import { failure, subscribe, subscriptions, unsubscribe } from "../state/test-connection.ts";
import { say } from "../words/words.ts";
import {
  CheckField,
  ChoiceField,
  Field,
  NumberField,
  optionalNumber,
  QosField,
  TextField,
} from "./field.tsx";
import { optionalUserProperties, UserPropertiesField } from "./user-properties.tsx";

const COLORS = ["#2563eb", "#c2410c", "#15803d", "#9333ea", "#be123c", "#0e7490", "#a16207"];

const wanted = new Store({
  topicFilter: "#",
  qos: 0 as 0 | 1 | 2,
  color: COLORS[0] ?? "",
  noLocal: false,
  retainAsPublished: false,
  retainHandling: "0" as "0" | "1" | "2",
  subscriptionIdentifier: "",
  userProperties: "",
});

export function SubscribeForm() {
  const now = useStore(subscriptions);
  const [entered, set] = useEntered(wanted);
  const submit = async (): Promise<void> => {
    const { topicFilter, color, qos, noLocal, retainAsPublished, retainHandling } = entered;
    try {
      await subscribe(topicFilter, color, {
        qos,
        noLocal,
        retainAsPublished,
        retainHandling: Number(retainHandling) as 0 | 1 | 2,
        subscriptionIdentifier: optionalNumber(entered.subscriptionIdentifier),
        ...optionalUserProperties(entered.userProperties),
      });
    } catch (error) {
      failure.set(errorText(error));
    }
    set("color")(COLORS[(COLORS.indexOf(color) + 1) % COLORS.length] ?? color);
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
          <TextField
            label={say("topicFilter")}
            value={entered.topicFilter}
            set={set("topicFilter")}
          />
          <QosField label={say("qos")} value={entered.qos} set={set("qos")} />
          <Field label={say("color")}>
            <input
              type="color"
              value={entered.color}
              onInput={({ currentTarget }) => set("color")(currentTarget.value)}
            />
          </Field>
        </div>
        <details>
          <summary>{say("moreOptions")}</summary>
          <div class="fields">
            <CheckField label={say("noLocal")} value={entered.noLocal} set={set("noLocal")} />
            <CheckField
              label={say("retainAsPublished")}
              value={entered.retainAsPublished}
              set={set("retainAsPublished")}
            />
            <ChoiceField
              label={say("retainHandling")}
              value={entered.retainHandling}
              set={set("retainHandling")}
              choices={[
                ["0", "0"],
                ["1", "1"],
                ["2", "2"],
              ]}
            />
            <NumberField
              label={say("subscriptionIdentifier")}
              value={entered.subscriptionIdentifier}
              set={set("subscriptionIdentifier")}
            />
            <UserPropertiesField value={entered.userProperties} set={set("userProperties")} />
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
