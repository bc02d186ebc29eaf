import { usePagedList } from "../state/paged-list.ts";
import { count, say } from "../words/words.ts";
import { decisionOf, topicsOf } from "./rule-words.ts";
import type { RuleItem } from "./rule-words.ts";
import { VirtualTable } from "./virtual-table.tsx";
import type { Column } from "./virtual-table.tsx";

interface Rule extends RuleItem {
  readonly place: number;
  readonly [condition: string]: unknown;
}

const EVERYTHING = {};
/** A cursor of the rules is the place of a rule. */
const pageAt = (cursor: number): { readonly cursor: number } => ({ cursor });

/** The rules in force, in the order in which they are tried. */
export function Rules() {
  const list = usePagedList<Rule>("access/rules", EVERYTHING, pageAt);
  return (
    <section>
      <h2>{say("rules")}</h2>
      <p class="row">
        <span class="soft">{say("rulesHint")}</span>
        <output class="soft">
          {list.isLoading ? say("loading") : say("rows", { count: count(list.total) })}
        </output>
        <button type="button" onClick={list.reload}>
          {say("reload")}
        </button>
      </p>
      {list.error !== undefined && <p role="alert">{list.error}</p>}
      {list.total > 0 && (
        <VirtualTable
          label={say("rules")}
          columns={columns()}
          itemAt={list.itemAt}
          total={list.total}
          rowKey={(one) => String(one.place)}
          want={list.want}
          isBusy={list.isLoading}
        />
      )}
    </section>
  );
}

function columns(): readonly Column<Rule>[] {
  return [
    { id: "place", title: "#", isNumber: true, width: 4, cell: ({ place }) => count(place + 1) },
    {
      id: "rule",
      title: say("rule"),
      width: 9,
      cell: decisionOf,
    },
    {
      id: "topics",
      title: say("topicsOfRule"),
      width: 18,
      cell: topicsOf,
    },
    { id: "about", title: say("ruleAbout"), width: 18, cell: conditionsOf },
    { id: "source", title: say("ruleAt"), width: 14, cell: ({ source }) => source },
  ];
}

/** What has to fit beside the topic, as a file of rules says it. */
function conditionsOf(rule: Rule): string {
  const { place: _place, source: _source, allow: _allow, deny: _deny, topics: _, ...rest } = rule;
  return Object.entries(rest)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(" ");
}
