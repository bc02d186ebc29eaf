/** What `anax serve` says on standard output, for people or as JSON lines for programs. */
import { isIP } from "node:net";
import type { AdminChange } from "@anax/admin";
import type { ListenerAddress, MqttServer, StoreDurability } from "@anax/server";
import type { Output } from "../io.ts";
import type { Storage } from "./storage.ts";

/** One line of it. */
export interface Announcement {
  /** Name of the event in JSON. */
  readonly event:
    | "listening"
    | "access-rules"
    | "storage"
    | "admin"
    | "changed"
    | "warning"
    | "ready"
    | "stopping"
    | "reloaded"
    | "tls-files";
  /** What it says in text. */
  readonly text: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** Writes announcements in the chosen format. */
export class Announcer {
  readonly #output: Output;
  readonly #format: "text" | "json";

  constructor(output: Output, format: "text" | "json") {
    this.#output = output;
    this.#format = format;
  }

  announce({ event, text, fields }: Announcement): void {
    const line =
      this.#format === "json" ? JSON.stringify({ event, ...(fields ?? { message: text }) }) : text;
    this.#output.write(`${line}\n`);
  }
}

/** One line for each place where the server listens. */
export function listeningLines(server: MqttServer): readonly Announcement[] {
  return server.listeners.flatMap(({ type, address }) =>
    address === undefined ? [] : [listeningLine(type, address)],
  );
}

function listeningLine(type: string, address: ListenerAddress): Announcement {
  return {
    event: "listening",
    text: `listening on ${address.url}`,
    fields: { type, ...address },
  };
}

const SURVIVED: Readonly<Record<StoreDurability, string>> = {
  disk: "what is acknowledged survives a loss of power",
  process: "what is acknowledged survives a crash of the server, but not of the machine",
  memory: "nothing survives a restart",
};

/** What becomes of sessions and messages when the server ends. */
export function storageLine({ durability, directory }: Storage): Announcement {
  const place = directory ?? "memory";
  const kept =
    directory === undefined ? { store: "memory" } : { store: "lmdb", directory, durability };
  return {
    event: "storage",
    text: `storing in ${place}: ${SURVIVED[durability]} (level ${durability})`,
    fields: { ...kept, durable: durability !== "memory" },
  };
}

/** The server is ready, so long after the command has begun; what npm did before does not count. */
export function readyLine(durationMs: number): Announcement {
  const startMs = Math.round(durationMs);
  const { pid } = process;
  const text = `ready in ${startMs} ms (process ${pid})`;
  return { event: "ready", text, fields: { startMs, pid } };
}

/** Where the admin API is. */
export function adminLine(url: string): Announcement {
  return { event: "admin", text: `admin API on ${url}`, fields: { url } };
}

/** What was changed through the admin API, and who asked for it. */
export function changedLine(change: AdminChange): Announcement {
  const { name, role, method, url, remoteAddress, status } = change;
  const from = remoteAddress === undefined ? "" : ` from ${remoteAddress}`;
  return {
    event: "changed",
    text: `admin API: ${method} ${url} by ${name} (${role})${from}: ${status}`,
    fields: { ...change },
  };
}

/** The settings were read again; `changes` names what differs and needs a new start. */
export function reloadedLine(changes: readonly string[]): Announcement {
  const done = "read passwords and certificates again";
  if (changes.length === 0) return { event: "reloaded", text: done };
  const needsStart = changes.join(", ");
  return {
    event: "reloaded",
    text: `${done}; needs a new start: ${needsStart}`,
    fields: { message: done, needsStart: changes },
  };
}

/** The files of TLS have changed. */
export function tlsReadLine(): Announcement {
  return { event: "tls-files", text: "read certificates again" };
}

/** Whom a listener lets in without asking who they are. */
export interface OpenToAnybody {
  readonly isAuthenticated: boolean;
  readonly needsCertificate: boolean;
}

/** Undefined if nobody from outside this machine can come in unasked. */
export function openToNetworkLine(
  server: MqttServer,
  { isAuthenticated, needsCertificate }: OpenToAnybody,
): Announcement | undefined {
  if (isAuthenticated) return undefined;
  const open = server.listeners.filter(({ type, address }) => {
    const asksForCertificate = needsCertificate && (type === "tls" || type === "wss");
    return address?.host !== undefined && !isLoopback(address.host) && !asksForCertificate;
  });
  if (open.length === 0) return undefined;
  const urls = open.map(({ address }) => address?.url);
  return {
    event: "warning",
    text:
      `warning: anybody on the network can connect to ${urls.join(", ")}; ` +
      "ask for passwords with --password-file",
    fields: { message: "anybody on the network can connect", urls },
  };
}

function isLoopback(host: string): boolean {
  if (isIP(host) === 4) return host.startsWith("127.");
  return host === "::1" || host.startsWith("::ffff:127.");
}
