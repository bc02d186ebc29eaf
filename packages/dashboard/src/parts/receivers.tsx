import { useAnswer } from "../state/answer.ts";
import { queryOf } from "../state/query.ts";
import { clientAddress } from "../state/route.ts";
import { ask } from "../state/session.ts";
import { say } from "../words/words.ts";

interface Receiver {
  readonly clientId: string;
  readonly qos: number;
  readonly shareName?: string;
}

interface Answer {
  readonly items: readonly Receiver[];
  readonly isComplete: boolean;
}

const SHOWN = 50;

/** The clients that get a topic, shown when they are asked for. */
export function Receivers({ topic }: { readonly topic: string }) {
  const { answer, error, load } = useAnswer(() => ask<Answer>(`receivers${queryOf({ topic })}`));
  const isWhole = answer?.isComplete === true && answer.items.length <= SHOWN;
  return (
    <>
      <button type="button" onClick={() => void load()}>
        {say("receivers")}
      </button>
      {error !== undefined && <p role="alert">{error}</p>}
      {answer !== undefined && (
        <ul aria-label={say("receivers")}>
          {answer.items.slice(0, SHOWN).map(({ clientId, qos, shareName }) => (
            <li key={`${clientId} ${shareName}`}>
              <a href={clientAddress(clientId)}>{clientId}</a>{" "}
              <span class="soft">
                {say("qos")} {qos}
                {shareName !== undefined && ` · $share/${shareName}`}
              </span>
            </li>
          ))}
          {answer.items.length === 0 && <li>{say("empty")}</li>}
          {!isWhole && <li>{say("receiversMore")}</li>}
        </ul>
      )}
    </>
  );
}
