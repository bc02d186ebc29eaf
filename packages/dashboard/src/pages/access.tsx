import { useState } from "preact/hooks";
import { ChoiceField, TextField } from "../parts/field.tsx";
import { errorText } from "../state/error-text.ts";
import { Rules } from "../parts/rules.tsx";
import { queryOf } from "../state/query.ts";
import { ApiError, ask } from "../state/session.ts";
import { say } from "../words/words.ts";

type Action = "publish" | "subscribe" | "receive";

interface Explanation {
  readonly isAllowed: boolean;
  readonly isNarrowed: boolean;
  readonly reason: string;
  readonly rule?: {
    readonly source?: string;
    readonly allow?: string;
    readonly deny?: string;
    readonly topics: string | readonly string[];
  };
}

const FIRST = {
  action: "publish" as Action,
  topic: "",
  user: "",
  client: "",
  group: "",
  address: "",
  listener: "",
};

/** Answers why something was refused: which rule decides. */
export function AccessPage() {
  const [asked, setAsked] = useState(FIRST);
  const [answer, setAnswer] = useState<Explanation | undefined>(undefined);
  const [error, setError] = useState<string | undefined>(undefined);
  const set = <Name extends keyof typeof FIRST>(name: Name) => {
    return (value: (typeof FIRST)[Name]): void => setAsked((one) => ({ ...one, [name]: value }));
  };
  const explain = async (): Promise<void> => {
    setAnswer(undefined);
    setError(undefined);
    try {
      setAnswer(await ask<Explanation>(`access/explain${queryOf(asked)}`));
    } catch (failure) {
      const hasNoRules = failure instanceof ApiError && failure.status === 404;
      setError(hasNoRules ? say("accessNone") : errorText(failure));
    }
  };
  return (
    <>
      <h1>{say("access")}</h1>
      <p class="soft">{say("accessIntro")}</p>
      <form
        class="card"
        onSubmit={(event) => {
          event.preventDefault();
          void explain();
        }}
      >
        <div class="fields">
          <ChoiceField
            label={say("action")}
            value={asked.action}
            set={set("action")}
            choices={[
              ["publish", say("actionPublish")],
              ["subscribe", say("actionSubscribe")],
              ["receive", say("actionReceive")],
            ]}
          />
          <TextField label={say("topic")} value={asked.topic} set={set("topic")} />
          <TextField label={say("userName")} value={asked.user} set={set("user")} />
          <TextField label={say("clientId")} value={asked.client} set={set("client")} />
          <TextField label={say("group")} value={asked.group} set={set("group")} />
          <TextField label={say("address")} value={asked.address} set={set("address")} />
          <TextField label={say("listener")} value={asked.listener} set={set("listener")} />
        </div>
        <button type="submit" class="primary" disabled={asked.topic === ""}>
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
      <p>{reason}</p>
      {isNarrowed && <p>{say("narrowed")}</p>}
      {rule !== undefined && (
        <dl class="facts">
          <div>
            <dt>{say("rule")}</dt>
            <dd>
              <code>{rule.allow === undefined ? `deny ${rule.deny}` : `allow ${rule.allow}`}</code>
            </dd>
          </div>
          <div>
            <dt>{say("topicsOfRule")}</dt>
            <dd>{[rule.topics].flat().join(", ")}</dd>
          </div>
          {rule.source !== undefined && (
            <div>
              <dt>{say("ruleAt")}</dt>
              <dd>{rule.source}</dd>
            </div>
          )}
        </dl>
      )}
    </section>
  );
}
