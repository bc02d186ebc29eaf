/**
 * The page of the admin API under load: `anax serve` with thousands of clients, each page opened in Chromium and looked at for some
 * seconds. Tells how long a page takes to show what it has to, its longest task, and what the server's processor time is beside
 * that without the page.
 *
 *     npm run bench:page -- --clients 5000
 */
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { newToken } from "@anax/admin";
import type { Page } from "playwright-core";
import { startBrowser } from "../interop/support/chromium.ts";
import { runLoad } from "./support/load-generator.ts";
import { processorSeconds } from "./support/processor-seconds.ts";
import { runProgram, wholeNumber } from "./support/program-arguments.ts";
import { startServing } from "./support/serving-process.ts";

/** Each page by its link, and what is there when it shows what it has to. */
const PAGES: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  Overview: (page) => page.getByText("Messages in").first().waitFor(),
  Clients: filled,
  Sessions: filled,
  Subscriptions: filled,
  "Retained messages": (page) => page.getByRole("table").waitFor(),
  Topics: (page) => page.getByRole("row").nth(1).waitFor(),
  "Who may do what": (page) => page.getByRole("button", { name: "Explain" }).waitFor(),
  Bans: (page) => page.getByRole("heading", { name: "Bans", level: 1 }).waitFor(),
  "Test client": (page) => page.getByRole("button", { name: "Connect" }).waitFor(),
};

/** A table with its first rows. */
async function filled(page: Page): Promise<void> {
  await page.getByRole("row").nth(5).waitFor();
}

/** What one page was seen to do. */
export interface PageFigure {
  readonly page: string;
  /** From the click to what it has to show. */
  readonly readyMs: number;
  /** Of the browser's main thread while it was looked at; below 50 ms none is told of, so 0. */
  readonly longestTaskMs: number;
  /** Of the server, of one core. */
  readonly processorPercent: number;
}

export interface PageWorkload {
  /** Half of them publish to one of the others each. */
  readonly clients: number;
  /** Messages of all of them. */
  readonly perSecond: number;
  /** That each page is looked at. */
  readonly seconds: number;
}

/** Tells first what the server takes without the page, then each page. */
export async function measurePages(
  { clients, perSecond, seconds }: PageWorkload,
  tell: (figure: PageFigure) => void,
  links: readonly string[] = Object.keys(PAGES),
): Promise<void> {
  const { token, line } = newToken("bench", "admin");
  await using server = await startServing([line]);
  await using browser = await startBrowser(new Map());
  const { pid, port, adminUrl = "" } = server;
  const pairs = Math.ceil(clients / 2);
  const load = ["-m", "pair", "-n", String(pairs), "-w", "1", "-r", String(perSecond)];
  const lookMs = seconds * 1_000;
  // Longer than all pages take: it is ended by its server.
  const lastSeconds = Math.ceil((links.length + 3) * (seconds + 10));
  const loading = runLoad({ port, pid, cpu: "", seconds: lastSeconds, load }).catch(() => ({}));
  await connected(`${adminUrl}/metrics`, pairs * 2);
  const processor = async (): Promise<number> => {
    const before = processorSeconds(pid);
    await pause(lookMs);
    return ((processorSeconds(pid) - before) / seconds) * 100;
  };
  const bare = { readyMs: 0, longestTaskMs: 0 };
  tell({ page: "without the page", ...bare, processorPercent: await processor() });
  const page = await browser.visit(adminUrl);
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.evaluate(watchTasks);
  for (const [link, isReady] of Object.entries(PAGES)) {
    if (!links.includes(link)) continue;
    await page.evaluate(() => ((globalThis as never as Watched).longestTaskMs = 0));
    const startedAtMs = performance.now();
    await page.getByRole("navigation").getByRole("link", { name: link }).click();
    await isReady(page);
    const readyMs = performance.now() - startedAtMs;
    const processorPercent = await processor();
    const longestTaskMs = await page.evaluate(() => (globalThis as never as Watched).longestTaskMs);
    tell({ page: link, readyMs, longestTaskMs, processorPercent });
  }
  await server[Symbol.asyncDispose]();
  await loading;
}

/** What is noted in the browser. */
interface Watched {
  longestTaskMs: number;
}

function watchTasks(): void {
  const watched = globalThis as never as Watched;
  watched.longestTaskMs = 0;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries())
      watched.longestTaskMs = Math.max(watched.longestTaskMs, duration);
  }).observe({ type: "longtask" });
}

async function connected(metrics: string, clients: number): Promise<void> {
  for (;;) {
    const text = await (await fetch(metrics)).text();
    if (Number(/^anax_connections (\d+)$/m.exec(text)?.[1]) >= clients) return;
    await pause(200);
  }
}

/** Its command line. */
export const PAGE_PROGRAM = {
  command: "npm run bench:page --",
  about: "The page of the admin API in Chromium, while thousands of clients are connected.",
  options: {
    clients: wholeNumber("clients", { from: 10, to: 18_000, byDefault: 5_000 }),
    rate: wholeNumber("messages a second", { from: 1, to: 1_000_000, byDefault: 5_000 }),
    seconds: wholeNumber("seconds that each page is looked at", {
      from: 1,
      to: 600,
      byDefault: 10,
    }),
  },
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runProgram(PAGE_PROGRAM, async ({ clients, rate: perSecond, seconds }) => {
    process.stdout.write(`${clients} clients, ${perSecond} messages a second\n`);
    await measurePages({ clients, perSecond, seconds }, (figure) => {
      const { page, readyMs, longestTaskMs, processorPercent } = figure;
      const times = `ready ${readyMs.toFixed(0).padStart(5)} ms  longest task ${longestTaskMs.toFixed(0).padStart(4)} ms`;
      process.stdout.write(
        `${page.padEnd(18)} ${times}  server ${processorPercent.toFixed(1).padStart(5)} % of a core\n`,
      );
    });
  });
}
