import { Facts } from "../parts/facts.tsx";
import { CheckField, ChoiceField, QosField, TextField } from "../parts/field.tsx";
import { decisionOf, topicsOf } from "../parts/rule-words.ts";
import type { RuleItem } from "../parts/rule-words.ts";
import { Rules } from "../parts/rules.tsx";
import { useAnswer } from "../state/answer.ts";
import { useEntered } from "../state/entered.ts";
import { errorText } from "../state/error-text.ts";
import { queryOf } from "../state/query.ts";
import { ApiError, ask } from "../state/session.ts";
import { Store } from "../state/store.ts";
import { say, sayOfServer } from "../words/words.ts";

type Action = "publish" | "subscribe" | "receive";

interface Explanation {
  readonly isAllowed: boolean;
  readonly isNarrowed: boolean;
  readonly reason: string;
  readonly rule?: RuleItem;
}

const asked = new Store({
  action: "publish" as Action,
  topic: "",
  user: "",
  client: "",
  group: "",
  address: "",
  listener: "",
  qos: 0 as 0 | 1 | 2,
  retain: false,
});

/** Answers why something was refused: which rule decides. */
export function AccessPage() {
  const [entered, set] = useEntered(asked);
  const { answer, error, load } = useAnswer(
    () => ask<Explanation>(`access/explain${queryOf(entered)}`),
    (failure) =>
      failure instanceof ApiError && failure.status === 404
        ? say("accessNone")
        : errorText(failure),
  );
  return (
    <>
      <h1>{say("access")}</h1>
      <p class="soft">{say("accessIntro")}</p>
      <form
        class="card"
        onSubmit={(event) => {
          event.preventDefault();
          void load();
        }}
      >
        <div class="fields">
          <ChoiceField
            label={say("action")}
            value={entered.action}
            set={set("action")}
            choices={[
              ["publish", say("actionPublish")],
              ["subscribe", say("actionSubscribe")],
              ["receive", say("actionReceive")],
            ]}
          />
          <TextField label={say("topic")} value={entered.topic} set={set("topic")} />
          <TextField label={say("userName")} value={entered.user} set={set("user")} />
          <TextField label={say("clientId")} value={entered.client} set={set("client")} />
          <TextField label={say("group")} value={entered.group} set={set("group")} />
          <TextField label={say("address")} value={entered.address} set={set("address")} />
          <TextField label={say("listener")} value={entered.listener} set={set("listener")} />
          {entered.action === "publish" && (
            <>
              <QosField label={say("qos")} value={entered.qos} set={set("qos")} />
              <CheckField label={say("retain")} value={entered.retain} set={set("retain")} />
            </>
          )}
        </div>
        <button type="submit" class="primary" disabled={entered.topic === ""}>
          {say("explain")}
        </button>
      </form>
      {error !== undefined && <p role="alert">{error}</p>}
      <div aria-live="polite">{answer !== undefined && <Answer answer={answer} />}</div>
      <Rules />
    </>
  );
}

function Answer({
  answer: { isAllowed, isNarrowed, reason, rule },
}: {
  readonly answer: Explanation;
}) {
  return (
    <section class="card">
      <h2 class={isAllowed ? "good" : "bad"}>{say(isAllowed ? "allowed" : "denied")}</h2>
      <p>{sayOfServer(reason)}</p>
      {isNarrowed && <p>{say("narrowed")}</p>}
      {rule !== undefined && (
        <Facts
          facts={[
            [say("rule"), <code>{decisionOf(rule)}</code>],
            [say("topicsOfRule"), topicsOf(rule)],
            [say("ruleAt"), rule.source],
          ]}
        />
      )}
    </section>
  );
}
