/**
 * Writes `docs/reference/events.md` from the table in `packages/server/src/events.ts` and the declarations of what the
 * handlers are given: `npm run docs`.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SERVER_DEFAULTS, SERVER_EVENTS } from "@anax/server";
import type { ServerEventName } from "@anax/server";
import { interfacesIn } from "./docs/declared-interface.ts";
import type { DeclaredField, DeclaredInterface } from "./docs/declared-interface.ts";

const HOOKS = "packages/server/src/core/hooks";
const EVENTS = "packages/server/src/events.ts";

/** The page. @param root of the repository */
export function eventsPage(root: string): string {
  const interfaces = declaredBelow(root);
  const argumentsOf = interfaces.get("HookArguments")?.fields ?? [];
  const names = Object.keys(SERVER_EVENTS).filter(isName);
  const sections = names.map((name) => {
    const type = argumentsOf.find((field) => field.name === name)?.type ?? "object";
    const given = name === "validatingConnection" ? "ValidatingConnectionEvent" : type;
    return section(name, fieldsOf(given, interfaces));
  });
  return `${INTRODUCTION}\n${overview(names)}\n${sections.join("\n")}`;
}

function isName(name: string): name is ServerEventName {
  return Object.hasOwn(SERVER_EVENTS, name);
}

const TIMEOUT_SECONDS = SERVER_DEFAULTS.handlerTimeoutMs / 1_000;

const INTRODUCTION = `# The extension events

<!-- Written by \`npm run docs\` from packages/server/src/events.ts. Not to be edited. -->

\`server.on(name, handler)\` calls \`handler\` at each event of that name and returns a disposable that ends it;
\`server.once\` does so for one event, and the option \`on\` takes handlers by name.

What that means for handlers that ask a database is in [Handlers that take time](../guide/handlers.md).

- A handler may answer at once or with a promise. Those of one event are called one after the other, in the order in
  which they were registered. One that returns no promise is not waited for and costs none.
- A handler fails by throwing, by a promise that rejects, by an answer that cannot be (a Reason Code that the packet does
  not carry, a message that cannot be sent, what is not true or false where it must be), and by one that takes longer than \`handlerTimeoutMs\`
  (default ${TIMEOUT_SECONDS} s). Each failure is logged and counted, in \`server.statistics\`, as \`handlerFailures\`
  or \`handlerTimeouts\`. Of an event that decides something the failure is the decision, and later handlers are not
  asked; of the others the next handler is called. The log names the event, the client and the field.
- Answers are checked when a handler is done, before anything is done with them. Null counts as absent.
- A handler whose time is over changes nothing any more: what it was given is frozen.
- Each event has a [\`signal\`](../guide/handlers.md#when-an-answer-is-of-no-use-any-more) too, aborted when its client has gone.
- Only the client whose packet is at work waits, and its later packets wait behind, in order, but for acknowledgements and
  PINGREQ. Handlers of others go on meanwhile. Nothing is locked.
- What tells of one client (connected, disconnected, session deleted, subscribed, unsubscribed, acknowledged) is told in
  order, across its connections: all handlers of one event have answered before those of the next are called. A table of who
  is online, kept by two slow handlers, ends as things are. What your program asks for in a handler does not wait for that.
- \`server.stop()\` waits for the handlers that are at work, up to its \`deadlineMs\`, and does what they decide. What is
  still in a handler then was never received: a PUBLISH is neither given on nor acknowledged, and its client sends it again;
  \`injectApplicationMessage\` rejects. \`stop\` resolves with what it left, and the log names it. Nothing fires after
  \`stopped\`.
- What a handler asks of the server is done when the server is done with what called the handler.
- A field that is not \`readonly\` may be written, as stands beside it.
- Messages that are handled in one go are shown before the first of them goes on. \`applicationMessage\` of
  \`interceptingPublish\` is made when it is first read, at any time.
- Messages and packets are frozen: writing into one throws, which is an error of the handler. It is replaced as a whole.
  Bytes are a copy of your own.
- Session items belong to the session. A connection begins with items of its own, which \`validatingConnection\` may
  fill; when it resumes a session, they are joined with the session's, where the newer value counts. They are kept in
  memory only.
`;

function overview(names: readonly ServerEventName[]): string {
  const rows = names.map(
    (name) => `| [${name}](#${name.toLowerCase()}) | ${SERVER_EVENTS[name].fires} |`,
  );
  return `| event | fires |\n|---|---|\n${rows.join("\n")}\n`;
}

function section(name: ServerEventName, fields: readonly DeclaredField[]): string {
  const { fires, order, waits, slows, failure } = SERVER_EVENTS[name];
  const list = [
    ["fires", fires],
    ["order", order],
    ["waits for the handlers", waits],
    ["a slow handler delays", slows],
    ["a handler that fails", failure],
  ].map(([what, text]) => `- ${what}: ${text}`);
  const head = `## ${name}\n\n${list.join("\n")}\n`;
  if (fields.length === 0) return `${head}\nIts handlers are given an empty object.\n`;
  const rows = fields.map(fieldRow);
  return `${head}\n| field | type | |\n|---|---|---|\n${rows.join("\n")}\n`;
}

function fieldRow({ name, type, isReadonly, isOptional, comment }: DeclaredField): string {
  const shown = type.replaceAll("|", "\\|");
  const writable = isReadonly ? "" : "**writable** ";
  return `| \`${name}${isOptional ? "?" : ""}\` | \`${shown}\` | ${writable}${comment} |`;
}

function declaredBelow(root: string): ReadonlyMap<string, DeclaredInterface> {
  const hooks = readdirSync(join(root, HOOKS)).map((name) => `${HOOKS}/${name}`);
  const declared = [...hooks, EVENTS].flatMap((path) =>
    interfacesIn(readFileSync(join(root, path), "utf8")),
  );
  return new Map(declared.map((one) => [one.name, one]));
}

/** The fields of an interface, those that it extends first. */
function fieldsOf(
  name: string,
  interfaces: ReadonlyMap<string, DeclaredInterface>,
): readonly DeclaredField[] {
  const declared = interfaces.get(name);
  if (declared === undefined) return [];
  return [...declared.extended.flatMap((base) => fieldsOf(base, interfaces)), ...declared.fields];
}
