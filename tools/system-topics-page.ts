/** Writes `docs/reference/sys-topics.md` from the table of the server: `npm run docs`. */
import { SERVER_DEFAULTS, SYSTEM_TOPICS } from "@anax/server";
import type { SystemTopic } from "@anax/server";

/** Topics that other servers have or had, and why there is none here. */
const NOT_SERVED: Readonly<Record<string, string>> = {
  "$SYS/broker/messages/inflight":
    "mosquitto 2.0 describes it and does not publish it; what is in flight for a client stands in `server.sessions`",
  "$SYS/broker/timestamp": "when the program was built; mosquitto 2.0 has none either",
  "$SYS/broker/connection/<name>/state":
    "a bridge of mosquitto publishes it itself, and may do so here",
  "$SYS/broker/log/#":
    "the log goes to the option `logger`, and of the command to its standard error",
};

/** The page. */
export function systemTopicsPage(): string {
  const rows = new Map(Object.entries(SYSTEM_TOPICS).map(([name, topic]) => [short(name), topic]));
  const table = Array.from(rows, ([name, topic]) => row(name, topic));
  const missing = Object.entries(NOT_SERVED).map(([name, why]) => `| \`${name}\` | ${why} |`);
  return `${INTRODUCTION}
| topic | what it tells | unit | in mosquitto 2.0 |
|---|---|---|---|
${table.join("\n")}

## Not served

| topic | why |
|---|---|
${missing.join("\n")}
`;
}

/** One name for the three spans of an average. */
function short(name: string): string {
  return name.replace(/\/\d+min$/, "/<1, 5, 15>min");
}

function row(name: string, { tells, unit, mosquitto }: SystemTopic): string {
  return `| \`${name}\` | ${tells} | ${unit} | ${mosquitto} |`;
}

const { intervalSeconds } = SERVER_DEFAULTS.systemTopics || { intervalSeconds: 0 };

const INTRODUCTION = `# The topics below $SYS

<!-- Written by \`npm run docs\` from packages/server/src/system/system-topic-table.ts. Not to be edited. -->

The server tells its state in retained messages: all of them at the start, and then every
${intervalSeconds} seconds what has changed since. \`systemTopics: { intervalSeconds }\` and
\`--sys-interval\` change the interval, \`systemTopics: false\` and \`--no-sys\` leave the topics out.

Names are those of mosquitto, and units where the last column says "the same", so that what reads these for Prometheus, Zabbix, Telegraf or collectd reads them here
too. Such programs subscribe to \`$SYS/#\`; \`#\` alone does not match these
topics ([MQTT-4.7.2-1]). Who may read them the handler of \`interceptingSubscription\` decides, as for any other topic.

A payload is text. Counts are whole numbers in digits, since the server was made or \`resetStatistics\` was called. Where the
last column says "the same", name, unit and way of writing are those of mosquitto. \`server.statistics\` has the same numbers,
and more, without a client.
`;
