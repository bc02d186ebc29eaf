import { useEffect, useRef, useState } from "preact/hooks";
import { TextField } from "../parts/field.tsx";
import { briefOf, PayloadView } from "../parts/payload-view.tsx";
import { Receivers } from "../parts/receivers.tsx";
import { Sparkline } from "../parts/sparkline.tsx";
import { VirtualTable } from "../parts/virtual-table.tsx";
import type { Column } from "../parts/virtual-table.tsx";
import { figures, observeTopics } from "../state/live.ts";
import type { Observed } from "../state/live.ts";
import { payloadOf } from "../state/payload.ts";
import type { MessageItem } from "../state/payload.ts";
import { clientAddress } from "../state/route.ts";
import { ask } from "../state/session.ts";
import { TOPICS_MAX, TopicTree, visibleNodes } from "../state/topic-tree.ts";
import type { TopicNode } from "../state/topic-tree.ts";
import { count, say, time } from "../words/words.ts";

/** Depth down to which the tree is open at first. */
const OPEN_DEPTH = 1;

export function TopicsPage() {
  const tree = useRef(new TopicTree());
  const [, redraw] = useState(0);
  const [isPaused, setPaused] = useState(false);
  const [isSampled, setSampled] = useState(false);
  const [filter, setFilter] = useState("");
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set());
  const [chosen, choose] = useState<TopicNode | undefined>(undefined);
  const isOpen = (topic: string): boolean =>
    topic.split("/").length <= OPEN_DEPTH !== toggled.has(topic);

  useEffect(() => {
    const abort = new AbortController();
    void loadRetained(tree.current, abort.signal).then(() => redraw((one) => one + 1));
    return () => abort.abort();
  }, []);
  useEffect(() => {
    if (isPaused) return undefined;
    let last: Observed | undefined;
    const stop = observeTopics((observed) => (last = observed));
    // Figures come each second, also when nothing is published.
    const unfollow = figures.follow(() => {
      if (last !== undefined) {
        tree.current.observe(last, shareOf(last), Date.now());
        setSampled(!last.isComplete);
        last = undefined;
      }
      tree.current.endOfSecond();
      redraw((one) => one + 1);
    });
    return () => {
      stop();
      unfollow();
    };
  }, [isPaused]);

  const nodes = visibleNodes(tree.current, isOpen, filter);
  const toggle = (topic: string): void => {
    const next = new Set(toggled);
    if (!next.delete(topic)) next.add(topic);
    setToggled(next);
  };
  const clear = (): void => {
    tree.current = new TopicTree();
    choose(undefined);
    redraw((one) => one + 1);
  };
  return (
    <div class="list-page">
      <h1>{say("topics")}</h1>
      <p class="soft">{say("topicsIntro")}</p>
      <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
        <TextField type="search" label={say("filterTopic")} value={filter} set={setFilter} />
        <button type="button" onClick={() => setPaused(!isPaused)}>
          {say(isPaused ? "goOn" : "pause")}
        </button>
        <button type="button" onClick={clear}>
          {say("clear")}
        </button>
        {isSampled && <span class="badge">{say("sampled")}</span>}
        {tree.current.isFull && <span>{say("tooManyTopics", { count: TOPICS_MAX })}</span>}
      </form>
      <div class="split">
        <VirtualTable
          label={say("topics")}
          columns={columns(isOpen, toggle, choose, chosen)}
          itemAt={(index) => nodes[index]}
          total={nodes.length}
          rowKey={({ topic }) => topic}
        />
        <Details node={chosen} />
      </div>
    </div>
  );
}

/** How many published messages one that was looked at stands for. */
function shareOf({ observed, isComplete }: Observed): number {
  const [before, now] = figures.value.slice(-2);
  if (isComplete || before === undefined || now === undefined || observed === 0) return 1;
  const published =
    (now.statistics["publishesReceived"] ?? 0) - (before.statistics["publishesReceived"] ?? 0);
  return Math.max(1, published / observed);
}

const RETAINED_SHOWN = 1_000;

async function loadRetained(tree: TopicTree, signal: AbortSignal): Promise<void> {
  try {
    const path = `retained?limit=${RETAINED_SHOWN}&payloadBytesMax=1024`;
    const { items } = await ask<{ readonly items: readonly MessageItem[] }>(path, signal);
    for (const item of items) {
      const { topic, payloadBytes, qos, contentType } = item;
      tree.retain(topic, {
        payload: payloadOf(item),
        payloadBytes,
        atMs: undefined,
        qos,
        contentType,
        senderClientId: undefined,
      });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function columns(
  isOpen: (topic: string) => boolean,
  toggle: (topic: string) => void,
  choose: (node: TopicNode) => void,
  chosen: TopicNode | undefined,
): readonly Column<TopicNode>[] {
  return [
    {
      id: "topic",
      title: say("topic"),
      width: 18,
      cell: (node) => (
        <span style={{ paddingInlineStart: `${node.depth - 1}em` }}>
          {node.children.size > 0 ? (
            <button
              type="button"
              class="plain fold"
              aria-expanded={isOpen(node.topic)}
              aria-label={say(isOpen(node.topic) ? "collapse" : "expand", { name: node.topic })}
              onClick={() => toggle(node.topic)}
            >
              {isOpen(node.topic) ? "▾" : "▸"}
            </button>
          ) : (
            <span class="fold" />
          )}
          <button
            type="button"
            class="plain"
            aria-pressed={node === chosen}
            onClick={() => choose(node)}
          >
            {node.name === "" ? "/" : node.name}
          </button>
          {node.isRetained && <span class="badge">{say("retain")}</span>}
        </span>
      ),
    },
    {
      id: "rate",
      title: say("rate"),
      isNumber: true,
      width: 8,
      cell: ({ rate }) => (rate === 0 ? "" : count(rate)),
    },
    {
      id: "value",
      title: say("lastValue"),
      width: 16,
      cell: ({ value }) =>
        value === undefined ? "" : <code>{briefOf(value.payload, value.payloadBytes)}</code>,
    },
  ];
}

function Details({ node }: { readonly node: TopicNode | undefined }) {
  if (node === undefined)
    return (
      <section class="card details" aria-label={say("lastValue")}>
        <p class="soft">{say("chooseTopic")}</p>
      </section>
    );
  const { topic, value, numbers, rate } = node;
  return (
    <section class="card details" aria-label={say("lastValue")}>
      <h2 class="topic">{topic}</h2>
      <p class="soft">
        {say("rate")}: {count(rate)}
        {value?.atMs !== undefined && ` · ${say("lastAt")}: ${time(value.atMs)}`}
        {value !== undefined && ` · ${say("qos")} ${value.qos}`}
      </p>
      {value?.senderClientId !== undefined && value.senderClientId !== "" && (
        <p>
          {say("publisher")}:{" "}
          <a href={clientAddress(value.senderClientId)}>{value.senderClientId}</a>
        </p>
      )}
      <Receivers key={topic} topic={topic} />
      <Sparkline values={numbers} />
      {value !== undefined && (
        <PayloadView
          payload={value.payload}
          total={value.payloadBytes}
          contentType={value.contentType}
        />
      )}
    </section>
  );
}
