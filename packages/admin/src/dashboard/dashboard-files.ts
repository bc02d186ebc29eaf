/** The page at `/`: files that were bundled when the package was built. */
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

const TYPES = {
  "index.html": "text/html; charset=utf-8",
  "app.js": "text/javascript; charset=utf-8",
  "app.css": "text/css; charset=utf-8",
} as const;

/** A file of the page. */
export type DashboardFileName = keyof typeof TYPES;

/** A file of the page, ready to be sent. */
export interface DashboardFile {
  readonly type: string;
  readonly contents: Uint8Array<ArrayBuffer>;
  readonly gzipped: Uint8Array<ArrayBuffer>;
}

/** The same seen from `src` and from `dist`. */
const FOLDER = new URL("../../dist/dashboard/", import.meta.url);
const kept: Map<DashboardFileName, Promise<DashboardFile>> = new Map();

/** The file that a path names; undefined if it names none. */
export function dashboardFileName(path: string): DashboardFileName | undefined {
  const name = path === "/" ? "index.html" : path.slice(1);
  return Object.hasOwn(TYPES, name) ? (name as DashboardFileName) : undefined;
}

/** Reads a file of the page, once. Rejects where it is not: in a program that was bundled into one file. */
export function dashboardFile(name: DashboardFileName): Promise<DashboardFile> {
  const found = kept.get(name) ?? load(name);
  kept.set(name, found);
  found.catch(() => kept.delete(name));
  return found;
}

async function load(name: DashboardFileName): Promise<DashboardFile> {
  const contents = Uint8Array.from(await readFile(new URL(name, FOLDER)));
  const gzipped = Uint8Array.from(await promisify(gzip)(contents, { level: 9 }));
  return { type: TYPES[name], contents, gzipped };
}

/**
 * What the page may load: its own files, and MQTT over the WebSocket listeners of this server. Nothing inline, nothing of others, and
 * no page may frame it.
 * @param webSocketPorts where the server listens for WebSocket, plain or by TLS
 */
export function contentSecurityPolicy(host: string, webSocketPorts: readonly number[]): string {
  const sockets = webSocketPorts.flatMap((port) => [
    `ws://${host}:${port}`,
    `wss://${host}:${port}`,
  ]);
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    `connect-src ${["'self'", ...sockets].join(" ")}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}
