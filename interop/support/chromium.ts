/** Debian's Chromium, without a window and with a new profile. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { listen, programPath } from "@anax/testing";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import type { Page } from "playwright-core";

/** Keeps it from the network and from what a test needs not. */
export const CHROMIUM_ARGUMENTS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A browser, and a web server with a page for each script. */
export interface Browser extends AsyncDisposable {
  /** Opens the page of a script. */
  open(script: string): Promise<Page>;
  /** Opens a page of another server. */
  visit(url: string): Promise<Page>;
}

/** Starts a browser for pages that each load one of these scripts, keyed by their names. */
export async function startBrowser(scripts: ReadonlyMap<string, string>): Promise<Browser> {
  const web = await servePages(scripts);
  const profile = mkdtempSync(join(tmpdir(), "anax-chromium-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: programPath("chromium"),
    headless: true,
    args: CHROMIUM_ARGUMENTS,
  });
  const visit = async (url: string): Promise<Page> => {
    const page = await context.newPage();
    await page.goto(url);
    return page;
  };
  return {
    open: (script) => visit(`${web.url}/${script}.html`),
    visit,
    [Symbol.asyncDispose]: async () => {
      await context.close();
      await web[Symbol.asyncDispose]();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

/** Bundles a file of this repository for browsers, straight from the sources. */
export async function bundleForBrowsers(file: URL): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(file)],
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
    conditions: ["source", "browser"],
    logLevel: "error",
  });
  return outputFiles[0]?.text ?? "";
}

/** Serves a page for each of these scripts. */
export async function servePages(
  scripts: ReadonlyMap<string, string>,
): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer(({ url = "" }, response) => {
    const [, name = "", extension] = /^\/([\w-]+)\.(html|js)$/.exec(url) ?? [];
    const script = scripts.get(name);
    if (script === undefined) response.writeHead(404).end();
    else if (extension === "js") response.setHeader("Content-Type", "text/javascript").end(script);
    else response.setHeader("Content-Type", "text/html").end(pageOf(name));
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function pageOf(name: string): string {
  const script = `<script type="module" src="/${name}.js"></script>`;
  return `<!doctype html><meta charset="utf-8"><title>${name}</title>${script}`;
}
