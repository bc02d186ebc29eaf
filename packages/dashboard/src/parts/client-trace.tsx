import { useEffect, useRef, useState } from "preact/hooks";
import { errorText } from "../state/error-text.ts";
import { TRACE_RECORDS, TRACE_SECONDS, traceClient } from "../state/trace.ts";
import type { TraceRecord } from "../state/trace.ts";
import { isWord, say, sayOfServer, time } from "../words/words.ts";
import { CheckField } from "./field.tsx";
import { PacketLine } from "./packet-line.tsx";

/** Follows one client packet by packet while the reader wants it, and says which rule refuses what. */
export function ClientTrace({ clientId }: { readonly clientId: string }) {
  const [records, setRecords] = useState<readonly TraceRecord[]>([]);
  const [withPayloads, setWithPayloads] = useState(false);
  const [isRunning, setRunning] = useState(false);
  const [error, setError] = useState<string | undefined>(undefined);
  const running = useRef<AbortController | undefined>(undefined);
  useEffect(() => () => running.current?.abort(), [clientId]);
  const begin = async (): Promise<void> => {
    const abort = new AbortController();
    running.current = abort;
    setRecords([]);
    setError(undefined);
    setRunning(true);
    let all: readonly TraceRecord[] = [];
    const take = (record: TraceRecord): void => {
      all = [record, ...all];
      // Many may come at once: they are drawn together.
      setRecords(all);
    };
    try {
      await traceClient({ clientId, withPayloads, take, signal: abort.signal });
    } catch (failure) {
      setError(errorText(failure));
    }
    setRunning(false);
  };
  return (
    <section>
      <h2>{say("trace")}</h2>
      <p class="soft">{say("traceHint", { seconds: TRACE_SECONDS, count: TRACE_RECORDS })}</p>
      <p class="row">
        {isRunning ? (
          <button type="button" onClick={() => running.current?.abort()}>
            {say("traceStop")}
          </button>
        ) : (
          <button type="button" onClick={() => void begin()}>
            {say("traceBegin")}
          </button>
        )}
        <CheckField label={say("tracePayloads")} value={withPayloads} set={setWithPayloads} />
      </p>
      {error !== undefined && <p role="alert">{error}</p>}
      {records.length > 0 && (
        <ol class="lately card" tabIndex={0} aria-label={say("trace")}>
          {records.map((record, index) => (
            <li key={records.length - index}>
              <time>{time(record.atMs)}</time> <Line record={record} />
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

function Line({ record }: { readonly record: TraceRecord }) {
  const { type, packet, topic, action, reason, rule, count } = record;
  const name = `trace_${type}`;
  return (
    <>
      <strong>{isWord(name) ? say(name) : type}</strong>{" "}
      {packet !== undefined && <PacketLine packet={{ ...packet, topic }} />}{" "}
      {action !== undefined && `${sayOfServer(action)} `}
      {topic !== undefined && packet === undefined && <code>{topic}</code>}{" "}
      {count !== undefined && `×${count} `}
      {reason !== undefined && <span class="soft">{sayOfServer(reason)} </span>}
      {rule?.source !== undefined && (
        <span>
          {say("rule")} {rule.source}
        </span>
      )}
    </>
  );
}
