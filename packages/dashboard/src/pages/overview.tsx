import { Chart } from "../parts/chart.tsx";
import { Histogram } from "../parts/histogram.tsx";
import { deliveryTimesOf } from "../state/delivery-times.ts";
import { healthOf } from "../state/health.ts";
import { figures, happenings } from "../state/live.ts";
import type { Figures, Happening } from "../state/live.ts";
import { rates } from "../state/rates.ts";
import { clientAddress } from "../state/route.ts";
import { useStore } from "../state/store.ts";
import {
  bytes,
  count,
  duration,
  fraction,
  isWord,
  say,
  sayOfServer,
  time,
} from "../words/words.ts";

export function OverviewPage() {
  const history = useStore(figures);
  const now = history.at(-1);
  return (
    <>
      <h1>{say("overview")}</h1>
      <Health history={history} />
      {now !== undefined && <Tiles now={now} history={history} />}
      <h2>{say("lastMinutes")}</h2>
      <Charts history={history} />
      <div class="columns">
        <DeliveryTimes history={history} />
        <section class="card">
          <h2>{say("lately")}</h2>
          <Lately />
        </section>
      </div>
    </>
  );
}

function Health({ history }: { readonly history: readonly Figures[] }) {
  return (
    <section aria-label={say("health")} class="health" aria-live="polite">
      {healthOf(history).map(({ level, text }) => (
        <p key={text} class={level}>
          <span aria-hidden="true">{level === "good" ? "✓" : "⚠"}</span> {text}
        </p>
      ))}
    </section>
  );
}

function Tiles({ now, history }: { readonly now: Figures; readonly history: readonly Figures[] }) {
  const { statistics, memory } = now;
  const processor = rates(history, ({ cpuSeconds }) => cpuSeconds * 100).at(-1) ?? 0;
  const tiles = [
    [say("connections"), count(statistics["connectionsCurrent"] ?? 0), "#/clients"],
    [say("sessions"), count(statistics["sessionsCurrent"] ?? 0), "#/sessions"],
    [say("subscriptions"), count(statistics["subscriptionsCurrent"] ?? 0), "#/subscriptions"],
    [say("retained"), count(statistics["retainedMessagesCurrent"] ?? 0), "#/retained"],
    [say("queued"), count(statistics["queuedMessagesCurrent"] ?? 0), "#/sessions"],
    [say("processor"), count(processor), undefined],
    [say("memory"), bytes(memory.residentBytes), undefined],
    [say("uptime"), duration(statistics["uptimeMs"] ?? 0), undefined],
  ] as const;
  return (
    <dl class="tiles">
      {tiles.map(([label, value, link]) => (
        <div key={label} class="card">
          <dt>{link === undefined ? label : <a href={link}>{label}</a>}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Charts({ history }: { readonly history: readonly Figures[] }) {
  const times = history.map(({ atMs }) => atMs / 1_000);
  const perSecond = (name: string): (number | null)[] =>
    rates(history, ({ statistics }) => statistics[name] ?? 0);
  const read = (name: string): number[] => history.map(({ statistics }) => statistics[name] ?? 0);
  return (
    <div class="charts">
      <Chart
        title={say("messagesPerSecond")}
        times={times}
        format={count}
        series={[
          {
            label: say("messagesIn"),
            color: "--series-1",
            values: perSecond("publishesReceived"),
          },
          { label: say("messagesOut"), color: "--series-2", values: perSecond("publishesSent") },
        ]}
      />
      <Chart
        title={say("bytesPerSecond")}
        times={times}
        format={bytes}
        series={[
          { label: say("bytesIn"), color: "--series-1", values: perSecond("bytesReceived") },
          { label: say("bytesOut"), color: "--series-2", values: perSecond("bytesSent") },
        ]}
      />
      <Chart
        title={say("connections")}
        times={times}
        format={count}
        series={[
          { label: say("connections"), color: "--series-1", values: read("connectionsCurrent") },
          { label: say("sessions"), color: "--series-2", values: read("sessionsCurrent") },
        ]}
      />
      <Chart
        title={say("droppedPerSecond")}
        times={times}
        format={count}
        series={[
          { label: say("dropped"), color: "--series-3", values: perSecond("messagesDropped") },
        ]}
      />
      <Chart
        title={say("loopDelay")}
        times={times}
        format={count}
        series={[
          {
            label: say("loopMaximum"),
            color: "--series-3",
            values: history.map(({ loopDelay }) => loopDelay.maxMs),
          },
          {
            label: say("loopP99"),
            color: "--series-1",
            values: history.map(({ loopDelay }) => loopDelay.p99Ms),
          },
        ]}
      />
      <Chart
        title={say("queued")}
        times={times}
        format={count}
        series={[
          { label: say("queued"), color: "--series-2", values: read("queuedMessagesCurrent") },
        ]}
      />
    </div>
  );
}

function DeliveryTimes({ history }: { readonly history: readonly Figures[] }) {
  const ranges = deliveryTimesOf(history);
  const bars = ranges.map(({ untilMs, count: value }, index) => ({
    label:
      untilMs === undefined
        ? `> ${fraction(ranges[index - 1]?.untilMs ?? 0)} ms`
        : `≤ ${fraction(untilMs)} ms`,
    value,
  }));
  return <Histogram title={say("deliveryTimes")} hint={say("deliveryTimesHint")} bars={bars} />;
}

function Lately() {
  const items = useStore(happenings);
  if (items.length === 0) return <p class="soft">{say("nothingYet")}</p>;
  return (
    <ol class="lately" tabIndex={0} aria-label={say("lately")}>
      {items.map((one, index) => (
        <li key={items.length - index}>
          <time>{time(one.atMs)}</time> <Told happening={one} />
        </li>
      ))}
    </ol>
  );
}

function Told({ happening }: { readonly happening: Happening }) {
  const { type, clientId, userName, topicFilter, reason, count: number } = happening;
  return (
    <>
      {clientId !== undefined && <a href={clientAddress(clientId)}>{clientId}</a>}{" "}
      {userName !== undefined && <span class="soft">{userName} </span>}
      <strong>{isWord(type) ? say(type) : type}</strong> {topicFilter}
      {number !== undefined && ` ${count(number)}`}{" "}
      {reason !== undefined && <span class="soft">{sayOfServer(reason)}</span>}
    </>
  );
}
