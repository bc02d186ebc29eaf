/** What of `anax serve` can change while it runs: the users, and the files of TLS. */
import { ReasonCode } from "@anax/protocol";
import { PasswordFile } from "@anax/server";
import type { Authenticator, ClientStatus, MqttServer } from "@anax/server";
import { HttpAuthenticator } from "@anax/access";
import { longName } from "../flags/flag.ts";
import type { CommandAuthenticator } from "./command-authenticator.ts";
import type { Listeners } from "./listeners.ts";
import { listenerSettings } from "./listener-settings.ts";
import type { ServeFlags } from "./serve-flags.ts";

/** A server that runs, and what of it may be told to change. */
export interface Reloadable {
  readonly server: MqttServer;
  readonly authenticator: CommandAuthenticator | undefined;
  /** Those that have files to read again, or answers to forget. */
  readonly others: readonly Authenticator[];
  readonly listeners: Listeners;
  /** Reads the tokens of the admin API again. */
  readonly reloadTokens: () => Promise<void>;
}

/** Keys of a listener that `reload` puts into force. */
const RELOADED_OF_LISTENER: ReadonlySet<string> = new Set([
  "cert",
  "key",
  "keyPassphrase",
  "ca",
  "crl",
  "hostCert",
  "hostKey",
]);

/** Flags that `reload` puts into force. */
export const RELOADED: ReadonlySet<string> = new Set([
  "config",
  "user",
  "allowAnonymous",
  ...RELOADED_OF_LISTENER,
]);

/**
 * Puts `flags` into force, as far as that is possible, and gives the names of what has changed and needs a new start. Clients whose
 * user is gone, or has another password, are disconnected. Rejects, and then nothing has changed, if a file cannot be read.
 */
export async function reload(
  { server, authenticator, others, listeners, reloadTokens }: Reloadable,
  flags: ServeFlags,
  before: ServeFlags,
): Promise<readonly string[]> {
  await reloadTokens();
  if (server.access.ruleCount !== undefined) await server.access.reload();
  const changedUsers = await authenticator?.load(flags);
  await loadAgain(server, others);
  // Before the TLS files, which may be bad: next time nobody has changed any more.
  if (changedUsers !== undefined) await disconnectUsers(server, changedUsers);
  const changes = unreloadable(flags, before, authenticator !== undefined);
  if (!changes.some((name) => name.startsWith("listener")))
    listeners.reload(listenerSettings(flags));
  return changes;
}

/** The password files of `authenticators`; those of tokens are looked at when clients come. */
async function loadAgain(server: MqttServer, others: readonly Authenticator[]): Promise<void> {
  for (const one of others) {
    if (one instanceof PasswordFile) await disconnectUsers(server, await one.load());
    else if (one instanceof HttpAuthenticator) one.forget();
  }
}

/** Names of the flags that differ and cannot be changed in a server that runs. */
function unreloadable(flags: ServeFlags, before: ServeFlags, hasUsers: boolean): string[] {
  const old = new Map<string, unknown>(Object.entries(before));
  const changed = Object.entries(flags).filter(([name, value]) => {
    const other = old.get(name);
    if (name === "listener") return shapeOf(value) !== shapeOf(other);
    const isUser = name === "user" || name === "allowAnonymous";
    if (RELOADED.has(name) && (hasUsers || !isUser)) return false;
    return JSON.stringify(value) !== JSON.stringify(other);
  });
  return changed.map(([name]) => longName(name));
}

/** A listener without what can be changed while it listens. */
function shapeOf(listeners: unknown): string {
  return JSON.stringify(listeners, (name, value: unknown) =>
    RELOADED_OF_LISTENER.has(name) ? undefined : value,
  );
}

/** Whoever is still in the file, with another password or hash, comes back by it. */
async function disconnectUsers(server: MqttServer, userNames: ReadonlySet<string>): Promise<void> {
  if (userNames.size === 0) return;
  const filter = ({ userName }: ClientStatus): boolean =>
    userName !== undefined && userNames.has(userName);
  let cursor: string | undefined;
  do {
    const page = server.clients.list(cursor === undefined ? { filter } : { cursor });
    for (const { clientId } of page.items) {
      await server.clients.disconnect(clientId, {
        reasonCode: ReasonCode.notAuthorized,
        reasonString: "the password file has changed",
      });
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
}
