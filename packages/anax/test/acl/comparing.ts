/** Compares what mosquitto and the rules that Anax makes of the same `acl_file` decide. */
import { topicMatchesFilter } from "@anax/protocol";
import { AccessRuleBook } from "@anax/server";
import { SeededRandom } from "@anax/testing";
import { aclRulesOf } from "../../src/access/acl-file.ts";
import type { Decisions, MosquittoAcl } from "./mosquitto-acl.ts";
import { allTopics, CLIENTS, randomAcl, randomFilter } from "./random-acl.ts";

const TOPICS = allTopics();
const FILTERS_PER_FILE = 10;

/** How much was compared, and what differed. */
export interface Comparison {
  files: number;
  decisions: number;
  filters: number;
  readonly differences: string[];
}

/** Compares so many random files. */
export async function compare(
  mosquitto: MosquittoAcl,
  seed: number,
  files: number,
): Promise<Comparison> {
  const random = new SeededRandom(seed);
  const comparison: Comparison = { files: 0, decisions: 0, filters: 0, differences: [] };
  for (let file = 0; file < files; file += 1) {
    const acl = randomAcl(random);
    const decided = await mosquitto.decide(acl, TOPICS);
    compareFile(acl, decided, comparison);
    compareFilters(acl, decided, random, comparison);
    comparison.files += 1;
  }
  return comparison;
}

type AccessClient = Parameters<AccessRuleBook["mayReceive"]>[0];

function clientOf(index: number): AccessClient {
  const { clientId = "", userName } = CLIENTS[index] ?? {};
  return { clientId, userName, groups: [], listener: "tcp:1883" };
}

function compareFile(acl: string, decided: readonly Decisions[], comparison: Comparison): void {
  const book = new AccessRuleBook(aclRulesOf({ path: "acl", text: acl }));
  for (const [index, { mayPublish, mayReceive }] of decided.entries()) {
    const client = clientOf(index);
    for (const [at, topic] of TOPICS.entries()) {
      const ours = [book.mayPublish(client, topic) !== false, book.mayReceive(client, topic)];
      const theirs = [mayPublish[at], mayReceive[at]];
      comparison.decisions += 2;
      if (ours.join() === theirs.join()) continue;
      comparison.differences.push(
        `${client.clientId} ${topic}: publish, receive: ours ${ours.join()}, mosquitto ${theirs.join()}\n${acl}`,
      );
    }
  }
}

/** A filter is allowed as a whole if mosquitto gives the client each topic that it matches, in part if it gives some. */
function compareFilters(
  acl: string,
  decided: readonly Decisions[],
  random: SeededRandom,
  comparison: Comparison,
): void {
  const { rules } = aclRulesOf({ path: "acl", text: acl });
  const strict = new AccessRuleBook({ rules });
  const narrowing = new AccessRuleBook({ rules, subscriptions: "narrow" });
  for (let one = 0; one < FILTERS_PER_FILE; one += 1) {
    const filter = randomFilter(random);
    for (const [index, { mayReceive }] of decided.entries()) {
      const client = clientOf(index);
      const matched = mayReceive.filter((_, at) => topicMatchesFilter(TOPICS[at] ?? "", filter));
      const given = matched.filter(Boolean).length;
      const isWhole = strict.maySubscribe(client, filter, false) !== false;
      const isAny = narrowing.maySubscribe(client, filter, false) !== false;
      comparison.filters += 1;
      // Topics beyond those that were tried may decide, where a rule has a wildcard for them only.
      const isWrong = (isWhole && given < matched.length) || (!isAny && given > 0);
      if (isWrong)
        comparison.differences.push(`${client.clientId} ${filter}: ${isWhole} ${isAny}\n${acl}`);
    }
  }
}
