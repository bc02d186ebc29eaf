import { useAnswer } from "../state/answer.ts";
import { payloadOf } from "../state/payload.ts";
import type { MessageItem } from "../state/payload.ts";
import { ask } from "../state/session.ts";
import { bytes, say } from "../words/words.ts";
import { briefOf } from "./payload-view.tsx";

const SHOWN = 50;

/** What waits in the queue of a session, shown when it is asked for. */
export function WaitingMessages({ path }: { readonly path: string }) {
  const url = `sessions/${path}/queue?limit=${SHOWN}`;
  const { answer, error, load } = useAnswer(() =>
    ask<{ readonly items: readonly MessageItem[] }>(url),
  );
  return (
    <section>
      <h2>{say("queueContent")}</h2>
      <p class="row">
        <button type="button" onClick={() => void load()}>
          {say("peek")}
        </button>
        <span class="soft">{say("peekHint", { count: SHOWN })}</span>
      </p>
      {error !== undefined && <p role="alert">{error}</p>}
      {answer !== undefined && (
        <table class="small">
          <thead>
            <tr>
              <th scope="col">{say("topic")}</th>
              <th scope="col">{say("payload")}</th>
              <th scope="col">{say("size")}</th>
              <th scope="col">{say("qos")}</th>
            </tr>
          </thead>
          <tbody>
            {answer.items.map((one, index) => (
              <tr key={index}>
                <td>{one.topic}</td>
                <td>
                  <code>{briefOf(payloadOf(one), one.payloadBytes)}</code>
                </td>
                <td>{bytes(one.payloadBytes)}</td>
                <td>{one.qos}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
