import { readdir, readFile, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { SERVER_DEFAULTS } from "../../src/options.ts";

/*
 * docs/guide/limits.md is held to the sources: its tables are what is read here out of them. With ANAX_UPDATE_PAGES set
 * the tables are written anew.
 */

const ROOT = new URL("../../../../", import.meta.url);
const PAGE = new URL("docs/guide/limits.md", ROOT);
const SOURCES = "packages/server/src/";

async function source(path: string, folder: string = SOURCES): Promise<string> {
  return readFile(new URL(folder + path, ROOT), "utf8");
}

interface Row {
  readonly name: string;
  readonly value: string;
  readonly reason: string;
}

/** Lines of the form `name: value, // reason` in the declaration that begins with `start`. */
function optionRows(text: string, start: string): Row[] {
  const from = text.indexOf(start);
  const declaration = text.slice(from, text.indexOf("\n};", from));
  const lines = declaration.matchAll(/^ {2}(\w+): (.+),(?: \/\/ (.+))?$/gmu);
  return Array.from(lines, ([, name = "", value = "", reason = ""]) => ({
    name,
    value: readable(value),
    reason,
  }));
}

/** A number as people write it, an object as code. */
function readable(value: string): string {
  const number = Number(value.replaceAll("_", ""));
  if (Number.isNaN(number)) return `\`${value}\``;
  return String(number).replaceAll(/\B(?=(?:\d{3})+$)/gu, " ");
}

type Limits = readonly (readonly [path: string, name: string])[];

/** Limits that are no options: where they stand, and what they bound. The reason is the comment there. */
const FIXED: Limits = [
  ["core/turn/turn.ts", "PART_MS"],
  ["core/turn/turn.ts", "LONG"],
  ["core/turn/turn.ts", "PART_STEPS"],
  ["core/turn/turn.ts", "TURN_MS_MAX"],
  ["core/turn/turn.ts", "SHARE_STEPS"],
  ["core/turn/turn.ts", "QUIET_BYTES"],
  ["core/turn/turn.ts", "LATE_BYTES_TOTAL_MAX"],
  ["core/turn/punctual-time.ts", "PROMPT_MS"],
  ["core/connection/unwritten.ts", "BETWEEN_READS"],
  ["driver/driver.ts", "WRITE_BETWEEN_MS"],
  ["driver/regulars.ts", "REGULARS_MAX"],
  ["driver/regulars.ts", "LITTLE_BYTES"],
  ["driver/regulars.ts", "READS"],
  ["driver/regulars.ts", "READ_AT_ONCE"],
  ["core/delivering/making-room.ts", "WILL_WAITS"],
  ["core/journal/owing.ts", "LARGE_BYTES"],
  ["core/runs/scanning.ts", "DELIVERIES_PER_RUN"],
  ["core/publishing/fan-outs.ts", "RECEIVERS_AT_ONCE"],
  ["core/routing/router.ts", "NODES_AT_ONCE"],
  ["core/connection/passing.ts", "BEHIND_BYTES_MAX"],
  ["core/runs/runs.ts", "WAITING_RUNS_MAX"],
  ["core/receiving/receiving.ts", "LATE_BYTES_MAX"],
  ["listeners/stream-wire.ts", "READING_MS_MAX"],
  ["listeners/handshake-turns.ts", "HANDSHAKES_PER_TURN"],
  ["listeners/handshake-turns.ts", "HANDSHAKES_AT_WORK_MAX"],
  ["listeners/handshake-turns.ts", "AT_WORK_MS"],
  ["listeners/tls-newcomer.ts", "HELLO_BYTES_MAX"],
  ["listeners/proxy-gate.ts", "HEADER_TIMEOUT_MS"],
  ["listeners/proxy-gate.ts", "HEADERS_WAITING_MAX"],
  ["listeners/proxy-header.ts", "LINE_MAX"],
  ["listeners/proxy-header.ts", "LENGTH_MAX"],
  ["listeners/forwarded-for.ts", "HOPS_MAX"],
  ["driver/turning-away.ts", "TURNED_AWAY_MAX"],
  ["driver/open-files.ts", "FILES_KEPT"],
  ["core/connection/output.ts", "OUTBOX_HIGH_WATER"],
  ["core/connection/connection.ts", "REFUSED_IDENTIFIERS_MAX"],
  ["core/delivering/at-most-once.ts", "OUTBOX_BYTES_MAX"],
  ["core/shared-bytes.ts", "SHARED_BYTES_MIN"],
  ["core/connection/backlog.ts", "PART_BYTES"],
  ["core/byte-pool.ts", "FREE_BYTES_MAX"],
  ["core/byte-pool.ts", "TRIM_INTERVAL_MS"],
  ["listeners/handle-wire.ts", "PIECES_MAX"],
  ["listeners/piece-writer.ts", "GIVEN_BYTES_MAX"],
  ["checking/identity-rules.ts", "LIST_MAX"],
  ["core/delivering/window-watch.ts", "STALLED_AFTER_MS"],
  ["core/receiving/keeping-alive.ts", "BYTES_PER_SECOND_MIN"],
  ["core/receiving/keeping-alive.ts", "CONNECT_BYTES_PER_SECOND_MIN"],
  ["core/connection/outgoing.ts", "UNREAD_BYTES_MAX"],
  ["core/connection/outgoing.ts", "REASON_STRING_MAX"],
  ["core/connection/intercepting.ts", "WAITING_PACKETS_MAX"],
  ["core/connection/intercepting.ts", "WAITING_BYTES_MAX"],
  ["core/connection/intercepting.ts", "UNANSWERED_PACKETS_MAX"],
  ["core/works/news-lanes.ts", "NEWS_WAITING_MAX"],
  ["core/retained/retained-replay.ts", "STEPS_PER_TURN"],
  ["core/retained/retained-replay.ts", "STEPS_PER_SESSION"],
  ["auth/password-checks.ts", "CHECKS_WAITING_MAX"],
  ["auth/password-checks.ts", "CHECK_WAIT_MS"],
  ["core/runs/scanning.ts", "STEPS_PER_RUN"],
  ["core/routing/combined-routes.ts", "COMBINED_ROUTES"],
  ["core/routing/combined-routes.ts", "RECIPIENTS_MAX"],
  ["core/routing/costly-routes.ts", "COSTLY_TOPICS"],
  ["core/routing/costly-routes.ts", "COSTLY_TOPIC_BYTES_MAX"],
  ["driver/address-buckets.ts", "ADDRESSES_MAX"],
  ["system/turned-away-log.ts", "LINES_AT_ONCE"],
  ["system/turned-away-log.ts", "COUNTED_ADDRESSES_MAX"],
  ["listeners/unclaimed-upgrades.ts", "CLAIM_MS"],
  ["driver/asked-work.ts", "ASKED_PER_TURN"],
  ["listeners/stream-wire.ts", "CLOSE_TIMEOUT_MS"],
  ["listeners/web-socket-listener.ts", "MAXIMUM_HEADER_BYTES"],
  ["listeners/web-socket-handshake.ts", "MAXIMUM_MESSAGE_BYTES"],
  ["listeners/web-socket-handshake.ts", "MESSAGE_PARTS_MAX"],
  ["listeners/web-socket-wire.ts", "PONG_BACKLOG_MAX"],
];

/** The same for rules, bans and lists. */
const RULES: Limits = [
  ["access/access-rules.ts", "RULES_MAX"],
  ["access/access-rules.ts", "LEVELS_MAX"],
  ["access/topic-pattern.ts", "VALUES_MAX"],
  ["access/filter-judging.ts", "STEPS_MAX"],
  ["access/rule-book.ts", "FILTERS_TRIED"],
  ["access/rule-book.ts", "ALIKE_STEPS_MAX"],
  ["access/rule-book.ts", "FILTERS_MISSED_MAX"],
  ["core/access/client-access.ts", "FILTERS_MAX"],
  ["core/access/client-access.ts", "RECEIVED_MAX"],
  ["core/access/remembered-topics.ts", "PLACES_MAX"],
  ["core/access/remembered-topics.ts", "BYTES_MAX"],
  ["bans/ban-list.ts", "BANS_MAX"],
  ["bans/ban.ts", "DURATION_MS_MAX"],
  ["bans/ban.ts", "TEXT_MAX"],
  ["management/listings.ts", "LIMIT_MAX"],
  ["management/listings.ts", "STEPS_MAX"],
  ["management/listings.ts", "OPEN_MAX"],
  ["management/server-traces.ts", "TRACES_MAX"],
  ["management/server-traces.ts", "KEPT_MS"],
  ["core/connection/following.ts", "RECEIVERS_TOLD_MAX"],
  ["core/connection/following.ts", "OPEN_MAX"],
  ["core/connection/following.ts", "PATIENCE_MS"],
  ["management/trace-record.ts", "TEXT_MAX"],
  ["management/trace-record.ts", "ENTRIES_MAX"],
  ["management/trace-record.ts", "CORRELATION_BYTES_MAX"],
];

const ACCESS = "packages/access/src/";
const ACCESS_LIMITS: Limits = [
  ["jwt-authenticator.ts", "TOKEN_BYTES_MAX"],
  ["jwt-authenticator.ts", "REMEMBERED_MAX"],
  ["jwt-authenticator.ts", "REMEMBER_MS"],
  ["token-keys.ts", "KEY_SET_BYTES_MAX"],
  ["http-authenticator.ts", "ANSWER_BYTES_MAX"],
  ["http-authenticator.ts", "NO_CACHE_SECONDS_MAX"],
];

const ADMIN = "packages/admin/src/";
const ADMIN_LIMITS: Limits = [
  ["admin.ts", "BODY_BYTES_MAX"],
  ["node/admin-listener.ts", "CONNECTIONS_MAX"],
  ["node/admin-listener.ts", "HEADERS_TIMEOUT_MS"],
  ["node/admin-listener.ts", "REQUEST_TIMEOUT_MS"],
  ["api/routes.ts", "RECEIVERS_MAX"],
  ["lists/sorted-lists.ts", "ROWS_MAX"],
  ["lists/sorted-lists.ts", "OPEN_MAX"],
  ["lists/sorted-lists.ts", "SLICE"],
  ["live/stream-limit.ts", "STREAMS_MAX"],
  ["live/live-reader.ts", "WAITING_BYTES_MAX"],
  ["live/live-reader.ts", "MISSED_TICKS_MAX"],
  ["live/happenings.ts", "HAPPENINGS_MAX"],
  ["live/topic-observer.ts", "MESSAGES_MAX"],
  ["live/topic-observer.ts", "TOPICS_MAX"],
  ["live/topic-observer.ts", "PAYLOADS_BYTES_MAX"],
  ["api/live-routes.ts", "PAYLOAD_BYTES_MAX"],
  ["api/trace-routes.ts", "DURATION_SECONDS_MAX"],
  ["api/trace-routes.ts", "RECORDS_MAX"],
  ["api/trace-routes.ts", "PAYLOAD_BYTES_MAX"],
  ["api/schemas.ts", "PLACES_MAX"],
  ["api/request-fault.ts", "SHOWN_MAX"],
];

/** Folders with what they have on the page: each of their constants whose name ends with MAX. */
const WHOLE: readonly (readonly [folder: string, limits: Limits])[] = [
  ...["access/", "core/access/", "bans/"].map((folder): [string, Limits] => [
    SOURCES + folder,
    RULES.flatMap(([path, name]) =>
      path.startsWith(folder) ? [[path.slice(folder.length), name] as const] : [],
    ),
  ]),
  [ACCESS, ACCESS_LIMITS],
  [ADMIN, ADMIN_LIMITS],
];

/** A constant with the doc comment before it. */
function fixedRow(text: string, name: string): Row {
  const found = new RegExp(
    `/\\*\\*((?:(?!\\*/)[^])*)\\*/\\n(?:export )?const ${name} = ([\\w_]+);`,
    "u",
  ).exec(text);
  if (found === null) throw new Error(`${name} has no comment or is not there`);
  const reason = (found[1] ?? "").replaceAll(/\s*\n \* ?/gu, " ").trim();
  return { name, value: readable(found[2] ?? ""), reason };
}

function table(head: string, rows: readonly Row[]): string {
  const lines = rows.map(({ name, value, reason }) => `| \`${name}\` | ${value} | ${reason} |`);
  return [`| ${head} | default | why |`, "| --- | ---: | --- |", ...lines].join("\n");
}

async function sections(): Promise<Record<string, string>> {
  const core = optionRows(await source("core/core-options.ts"), "export const CORE_DEFAULTS");
  const driver = optionRows(await source("options.ts"), "export const SERVER_DEFAULTS");
  return {
    core: table("option", core),
    driver: table("option", driver),
    fixed: await limitTable(FIXED, SOURCES),
    rules: await limitTable(RULES, SOURCES),
    access: await limitTable(ACCESS_LIMITS, ACCESS),
    admin: await limitTable(ADMIN_LIMITS, ADMIN),
  };
}

async function limitTable(limits: Limits, folder: string): Promise<string> {
  const rows: Row[] = [];
  for (const [path, name] of limits) rows.push(fixedRow(await source(path, folder), name));
  return table("limit", rows).replace("default", "value");
}

/** Constants of a folder whose name ends with MAX and whose value is a number. */
async function limitsIn(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const path of await readdir(new URL(folder, ROOT), { recursive: true })) {
    if (!path.endsWith(".ts")) continue;
    const names = (await source(path, folder)).matchAll(
      /^(?:export )?const (\w+_MAX) = [\d_]+;/gmu,
    );
    for (const [, name] of names) found.push(`${path} ${name}`);
  }
  return found;
}

function withSection(page: string, name: string, content: string): string {
  const marker = new RegExp(`(<!-- ${name} -->\\n\\n)[^]*?(\\n\\n<!-- end -->)`, "u");
  if (!marker.test(page)) throw new Error(`the page has no section ${name}`);
  return page.replace(marker, (_all, start: string, end: string) => start + content + end);
}

describe("the page of limits", () => {
  it("says what the sources say", async () => {
    const page = await readFile(PAGE, "utf8");
    let expected = page;
    for (const [name, content] of Object.entries(await sections()))
      expected = withSection(expected, name, content);
    if (process.env["ANAX_UPDATE_PAGES"] !== undefined) await writeFile(PAGE, expected);
    else expect(page).toBe(expected);
  });

  it("has every option", async () => {
    const { core = "", driver = "" } = await sections();
    for (const name of Object.keys(SERVER_DEFAULTS)) expect(core + driver).toContain(`\`${name}\``);
  });

  it.each(WHOLE)("has every limit of %s", async (folder, limits) => {
    const named = new Set(limits.map(([path, name]) => `${path} ${name}`));
    const found = await limitsIn(folder);
    expect(found.length).toBeGreaterThan(0);
    expect(found.filter((limit) => !named.has(limit))).toEqual([]);
  });

  it("gives a reason for every number", async () => {
    const core = optionRows(await source("core/core-options.ts"), "export const CORE_DEFAULTS");
    const driver = optionRows(await source("options.ts"), "export const SERVER_DEFAULTS");
    const numbers = [...core, ...driver].filter(({ value }) => /^\d/u.test(value));
    expect(numbers.filter(({ reason, name }) => reason === "" && name !== "maximumQos")).toEqual(
      [],
    );
  });
});
