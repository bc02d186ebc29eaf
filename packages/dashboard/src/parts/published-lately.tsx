import { useEffect, useState } from "preact/hooks";
import { observeTopics } from "../state/live.ts";
import type { ObservedTopic } from "../state/live.ts";
import { bytesOfBase64 } from "../state/payload.ts";
import { count, say, time } from "../words/words.ts";
import { briefOf } from "./payload-view.tsx";

interface Published extends ObservedTopic {
  readonly atMs: number;
}

const SHOWN = 50;

/** What one client publishes, newest first: a line for each topic and second. */
export function PublishedLately({ clientId }: { readonly clientId: string }) {
  const [lines, setLines] = useState<readonly Published[]>([]);
  useEffect(
    () =>
      observeTopics(({ topics }) => {
        const atMs = Date.now();
        const fresh = topics.map((one) => ({ ...one, atMs }));
        setLines((old) => [...fresh, ...old].slice(0, SHOWN));
      }, clientId),
    [clientId],
  );
  return (
    <section>
      <h2>{say("publishedLately")}</h2>
      <p class="soft">{say("publishedHint")}</p>
      {lines.length > 0 && (
        <ol class="lately card" tabIndex={0} aria-label={say("publishedLately")}>
          {lines.map(({ topic, atMs, payloadBase64 = "", payloadBytes, count: times, qos }) => (
            <li key={`${atMs} ${topic}`}>
              <time>{time(atMs)}</time> <strong>{topic}</strong>{" "}
              <code>{briefOf(bytesOfBase64(payloadBase64), payloadBytes)}</code>{" "}
              <span class="soft">
                {say("qos")} {qos}
                {times > 1 && ` · ×${count(times)}`}
              </span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
