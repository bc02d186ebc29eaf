/** `anax serve`: runs a server until it is told to stop. */
import { ReasonCode } from "@anax/protocol";
import { MqttServer } from "@anax/server";
import type { ClientStatus } from "@anax/server";
import type { Command } from "../command.ts";
import { defineCommand } from "../command.ts";
import { CommandError, EXIT_CODE, UsageError } from "../errors.ts";
import type { Io, Signal } from "../io.ts";
import {
  Announcer,
  listeningLines,
  openToNetworkLine,
  readyLine,
  storageLine,
} from "../serving/announcement.ts";
import { CommandAuthenticator } from "../serving/command-authenticator.ts";
import { listenerOptions, tlsCredentials } from "../serving/listeners.ts";
import type { ReloadableCredentials } from "../serving/listeners.ts";
import type { ServeFlags } from "../serving/serve-flags.ts";
import { SERVE_FLAGS } from "../serving/serve-flags.ts";
import { limitOptions, loggerFor, systemTopicOptions } from "../serving/server-options.ts";
import { storageFor } from "../serving/storage.ts";
import type { Storage } from "../serving/storage.ts";
import { stopSignal } from "../stop-signal.ts";

/** `anax serve`. */
export const serve: Command = defineCommand<ServeFlags>({
  name: "serve",
  summary: "run a server",
  usage: [
    "anax serve",
    "anax serve --port 2883 --ws-port 8083",
    "anax serve --data-dir /var/lib/anax",
    "anax serve --durability memory",
    "anax serve --host 0.0.0.0 --password-file users.txt",
  ],
  flags: SERVE_FLAGS,
  notes: [
    {
      title: "Output",
      lines: [
        "A line for each place where it listens; one that says where it keeps its data and what they",
        "survive; then one that begins with `ready`, which scripts can wait for. Log records go to",
        "standard error: with `--log-level info` also who comes and goes, and who is refused and why.",
      ],
    },
    {
      title: "Data",
      lines: [
        "The directory belongs to one server at a time and is made for its owner only. An acknowledgement",
        "leaves when what it acknowledges is stored. With `--durability memory` there is no directory.",
        "See also `anax store --help`.",
      ],
    },
    {
      title: "Signals",
      lines: [
        "SIGINT, SIGTERM  close all connections (MQTT 5.0 clients are told why) and end; again: at once",
        "SIGHUP           read the password file and the TLS files again; clients whose user is gone from",
        "                 the password file, or has another line in it, are disconnected",
      ],
    },
    {
      title: "Exit codes",
      lines: [
        "0  stopped by a signal",
        "1  it cannot run: a port or the data in use, a file that cannot be read, a directory that cannot",
        "   be written",
        "2  the command line is wrong",
      ],
    },
  ],
  run: runServer,
});

/** A server, and where it keeps what must survive it. */
interface Started {
  readonly server: MqttServer;
  readonly storage: Storage;
}

/** What a running server may be told to read again. */
interface Reloadable {
  readonly server: MqttServer;
  readonly authenticator: CommandAuthenticator | undefined;
  readonly credentials: ReloadableCredentials | undefined;
}

async function runServer(flags: ServeFlags, io: Io): Promise<number> {
  const beganMs = performance.now();
  const credentials = tlsCredentials(flags);
  const authenticator = authenticatorOf(flags);
  const storage = await storageFor(flags);
  const server = new MqttServer({
    ...limitOptions(flags),
    ...systemTopicOptions(flags),
    listeners: listenerOptions(flags, credentials),
    store: storage.store,
    durability: storage.durability,
    authenticate: authenticator,
    logger: loggerFor(flags, io.stderr),
  });
  const announcer = new Announcer(io.stdout, flags.logFormat);
  const stop = stopSignal(io);
  const endReload = reloadOnHangUp({ server, authenticator, credentials }, announcer, io);
  try {
    await start(server);
    announceStart({ server, storage }, flags, announcer, io);
    announcer.announce(readyLine(performance.now() - beganMs));
    const signal = await stop.first;
    announcer.announce({ event: "stopping", text: `stopping (${signal})`, fields: { signal } });
    // A client that does not let go delays the end by some seconds; whoever cannot wait signals again.
    return await Promise.race([stopped(server), stop.second.then(() => EXIT_CODE.interrupted)]);
  } finally {
    endReload();
    stop.dispose();
  }
}

function authenticatorOf(flags: ServeFlags): CommandAuthenticator | undefined {
  const isWanted = flags.user.length > 0 || flags.passwordFile !== undefined;
  for (const { userName, password } of flags.user) {
    if (password !== "") continue;
    throw new UsageError(`--user ${userName}: an empty password protects nobody`);
  }
  return isWanted ? new CommandAuthenticator(flags) : undefined;
}

/** What Node says of a certificate that is none becomes one line like everything else. */
async function start(server: MqttServer): Promise<void> {
  try {
    await server.start();
  } catch (cause) {
    throw new CommandError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function announceStart(
  { server, storage }: Started,
  flags: ServeFlags,
  announcer: Announcer,
  io: Io,
): void {
  for (const line of listeningLines(server)) announcer.announce(line);
  announcer.announce(storageLine(storage));
  const warning = openToNetworkLine(server, {
    isAuthenticated: flags.user.length > 0 || flags.passwordFile !== undefined,
    needsCertificate: flags.requestCert,
  });
  if (warning !== undefined) new Announcer(io.stderr, flags.logFormat).announce(warning);
}

async function stopped(server: MqttServer): Promise<number> {
  await server.stop();
  return EXIT_CODE.success;
}

function reloadOnHangUp(
  { server, authenticator, credentials }: Reloadable,
  announcer: Announcer,
  io: Io,
): () => void {
  const reload = async (): Promise<void> => {
    try {
      const changedUsers = await authenticator?.load();
      // Before the TLS files, which may be bad: next time nobody has changed any more.
      if (changedUsers !== undefined) await disconnectUsers(server, changedUsers);
      credentials?.reload();
      announcer.announce({ event: "reloaded", text: "read passwords and certificates again" });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      io.stderr.write(`anax serve: not read again: ${reason}\n`);
    }
  };
  const signals: readonly Signal[] = ["SIGHUP"];
  return io.onSignal(signals, () => void reload());
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
