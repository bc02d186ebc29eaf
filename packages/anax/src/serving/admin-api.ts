/** The admin API of `anax serve`: on its own port, by tokens of a file. */
import { createAdmin, listenAdmin, TokenFile } from "@anax/admin";
import type { AdminListener, AdminOptions } from "@anax/admin";
import type { MqttServer } from "@anax/server";
import { CommandError, UsageError } from "../errors.ts";
import { reasonOf } from "../read-file.ts";
import type { AdminFlags } from "./admin-flags.ts";
import { VERSION } from "../version.ts";

/** An admin API that is served, if the flags ask for one. */
export interface AdminApi {
  /** Undefined if there is none. */
  readonly url: string | undefined;
  /** Reads the tokens again. Rejects, and then changes nothing, if the file is wrong. */
  reload(): Promise<void>;
  close(): Promise<void>;
}

const NO_API: AdminApi = {
  url: undefined,
  reload: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

/** Throws `UsageError` for flags of the API that would do nothing, or leave it open to nobody. */
export function requireAdminFlags({
  adminPort,
  adminHost,
  adminTokens,
  adminOpenMetrics,
}: AdminFlags): void {
  if (adminPort === undefined) {
    if (adminHost === undefined && adminTokens === undefined && !adminOpenMetrics) return;
    throw new UsageError("--admin-host, --admin-tokens and --admin-open-metrics need --admin-port");
  }
  if (adminTokens !== undefined || adminOpenMetrics) return;
  throw new UsageError(
    "--admin-port needs --admin-tokens; make one with: anax admin token FILE NAME",
  );
}

/** Serves it. Rejects with `CommandError` if the tokens cannot be read, or the port is taken. */
export async function serveAdmin(
  server: MqttServer,
  flags: AdminFlags,
  { changed, reload }: Pick<AdminOptions, "changed" | "reload">,
): Promise<AdminApi> {
  const { adminPort: port, adminHost: host, adminTokens, adminOpenMetrics } = flags;
  if (port === undefined) return NO_API;
  const tokens = adminTokens === undefined ? undefined : new TokenFile(adminTokens);
  await load(tokens, adminTokens);
  const admin = createAdmin(server, {
    holderOf: (token) => tokens?.holderOf(token),
    openMetrics: adminOpenMetrics,
    hosts: host === undefined ? undefined : [host.toLowerCase(), "localhost", "127.0.0.1", "[::1]"],
    changed,
    reload,
    version: VERSION,
  });
  const listener = await listening(() => listenAdmin(admin, { host, port }));
  return {
    url: listener.url,
    reload: () => load(tokens, adminTokens),
    close: () => listener.close(),
  };
}

async function load(tokens: TokenFile | undefined, path: string | undefined): Promise<void> {
  try {
    await tokens?.load();
  } catch (cause) {
    throw new CommandError(`the tokens of ${path}: ${reasonOf(cause)}`, { cause });
  }
}

async function listening(listen: () => Promise<AdminListener>): Promise<AdminListener> {
  try {
    return await listen();
  } catch (cause) {
    throw new CommandError(`the admin API: ${reasonOf(cause)}`, { cause });
  }
}
