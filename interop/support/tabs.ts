/**
 * Chromium with tabs that are hidden and throttled as those of people are. Playwright has every page believe that it is in
 * front, so this speaks the DevTools protocol itself.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { programPath } from "@anax/testing";
import { WebSocket } from "ws";
import { CHROMIUM_ARGUMENTS } from "./chromium.ts";

/** Has the timers of hidden pages come once a minute after five seconds, not after five minutes. */
const THROTTLE_EARLY = "--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/5";

/** A tab. */
export interface Tab {
  /** The value of this expression in the page, awaited if it is a promise. */
  evaluate<Value>(expression: string): Promise<Value>;
  /** Puts the tab in front of all others, which are hidden then. */
  bringToFront(): Promise<void>;
}

/** A browser with tabs. */
export interface TabbedBrowser extends AsyncDisposable {
  /** Opens a page in a new tab, in front. */
  open(url: string): Promise<Tab>;
}

/** What the browser answers to a command. */
interface Answer {
  readonly id?: number;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** The connection over which a browser is told what to do. */
class DevTools {
  readonly #socket: WebSocket;
  readonly #waiting: Map<number, (answer: Answer) => void> = new Map();
  #commands = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: Buffer) => {
      const answer = JSON.parse(data.toString()) as Answer;
      this.#waiting.get(answer.id ?? 0)?.(answer);
      this.#waiting.delete(answer.id ?? 0);
    });
  }

  /** @param sessionId of a page; none for the browser itself */
  async send(
    method: string,
    params: object = {},
    sessionId?: string,
  ): Promise<Record<string, unknown>> {
    const id = (this.#commands += 1);
    this.#socket.send(JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) }));
    const answer = await new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    if (answer.error !== undefined) throw new Error(`${method}: ${answer.error.message}`);
    return answer.result ?? {};
  }
}

/** Starts a browser that throttles the tabs that are hidden. */
export async function startTabbedBrowser(): Promise<TabbedBrowser> {
  const profile = mkdtempSync(join(tmpdir(), "anax-tabs-"));
  const args = [
    ...CHROMIUM_ARGUMENTS,
    THROTTLE_EARLY,
    "--remote-debugging-port=0",
    `--user-data-dir=${profile}`,
  ];
  const browser = spawn(programPath("chromium"), args, { stdio: ["ignore", "ignore", "pipe"] });
  const socket = new WebSocket(await devToolsUrl(createInterface(browser.stderr)));
  await once(socket, "open");
  const tools = new DevTools(socket);
  return {
    open: (url) => openTab(tools, url),
    [Symbol.asyncDispose]: async () => {
      const exited = once(browser, "exit");
      await tools.send("Browser.close");
      await exited;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** The browser says on its standard error where it listens. */
async function devToolsUrl(lines: AsyncIterable<string>): Promise<string> {
  for await (const line of lines) {
    const [, url] = /DevTools listening on (ws:\S+)/.exec(line) ?? [];
    if (url !== undefined) return url;
  }
  throw new Error("Chromium ended before it listened");
}

async function openTab(tools: DevTools, url: string): Promise<Tab> {
  const { targetId } = await tools.send("Target.createTarget", { url });
  const { sessionId } = await tools.send("Target.attachToTarget", { targetId, flatten: true });
  return {
    evaluate: async <Value>(expression: string): Promise<Value> => {
      const params = { expression, awaitPromise: true, returnByValue: true };
      const answer = await tools.send("Runtime.evaluate", params, String(sessionId));
      if (answer["exceptionDetails"] !== undefined) {
        throw new Error(`${expression}: ${JSON.stringify(answer["exceptionDetails"])}`);
      }
      return (answer["result"] as { readonly value: Value }).value;
    },
    bringToFront: async () => {
      await tools.send("Target.activateTarget", { targetId });
    },
  };
}
