import { parseTopicFilter, topicMatchesFilter } from "@anax/protocol";
import type { MicroCase, MicroGroup } from "./micro-case.ts";

const TIMES = 1_000;
const TOPIC = "site/12/building/3/floor/7/room/21/temperature";

const FILTERS: Readonly<Record<string, string>> = {
  "the topic itself": TOPIC,
  "single-level wildcards": "site/+/building/+/floor/+/room/+/temperature",
  "a multi-level wildcard": "site/12/building/#",
  "another topic": "site/12/building/3/floor/7/room/22/temperature",
};

/** Whether a topic matches a filter, which both peers ask. */
export const TOPIC_MATCH: MicroGroup = {
  name: "topic match",
  measure(cases) {
    const matching = Object.entries(FILTERS).map(([what, filter]): MicroCase => ({
      name: `match ${what}`,
      run: () => {
        let matched = 0;
        for (let index = 0; index < TIMES; index += 1)
          if (topicMatchesFilter(TOPIC, filter)) matched += 1;
        return matched;
      },
      times: TIMES,
    }));
    const parsing: MicroCase = {
      name: "check a filter",
      run: () => {
        let levels = 0;
        for (let index = 0; index < TIMES; index += 1) levels += parseTopicFilter("a/+/b/#").length;
        return levels;
      },
      times: TIMES,
    };
    return cases([...matching, parsing]);
  },
};
