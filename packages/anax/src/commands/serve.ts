/** `anax serve`: runs a server until it is told to stop. */
import { join } from "node:path";
import { BanFile, MqttServer } from "@anax/server";
import { WatchedAccessFile } from "../access/watched-access-file.ts";
import type { Command } from "../command.ts";
import { defineCommand } from "../command.ts";
import { CommandError, EXIT_CODE } from "../errors.ts";
import type { Io, Signal } from "../io.ts";
import {
  adminLine,
  Announcer,
  changedLine,
  listeningLines,
  openToNetworkLine,
  readyLine,
  reloadedLine,
  storageLine,
} from "../serving/announcement.ts";
import { serveAdmin } from "../serving/admin-api.ts";
import type { AdminApi } from "../serving/admin-api.ts";
import { beginTelemetry } from "../serving/telemetry.ts";
import { CommandAuthenticator } from "../serving/command-authenticator.ts";
import { listenerSettings } from "../serving/listener-settings.ts";
import { makeAuthenticators } from "../authenticating/make-authenticators.ts";
import { authenticationOptions, isAuthenticating } from "../serving/authentication-options.ts";
import { Listeners } from "../serving/listeners.ts";
import { TlsWatch } from "../serving/tls-watch.ts";
import { reload } from "../serving/reloading.ts";
import type { Reloadable } from "../serving/reloading.ts";
import type { ServeFlags } from "../serving/serve-flags.ts";
import { SERVE_FLAGS } from "../serving/serve-flags.ts";
import { serveSources } from "../serving/serve-sources.ts";
import { logOutput } from "../serving/log-output.ts";
import { limitOptions, loggerFor, systemTopicOptions } from "../serving/server-options.ts";
import { Systemd } from "../serving/systemd.ts";
import { storageFor } from "../serving/storage.ts";
import type { Storage } from "../serving/storage.ts";
import { requireUse } from "../serving/useless-flags.ts";
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
  sources: serveSources,
  notes: [
    {
      title: "Settings",
      lines: [
        "Each flag may also be an environment variable, `ANAX_MAX_SESSIONS` for `--max-sessions` (true or",
        "false for a flag without a value, commas between several values), or a key of the file that",
        "`--config` names: `max-sessions: 5000`. In texts of the file `${NAME}` is an environment variable.",
        "Flags go before variables, variables before the file. See also `anax config --help`.",
      ],
    },
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
        "SIGHUP           read the configuration, passwords, rules of access and TLS files again (the last two",
        "                 also when they change; connections stay); clients whose",
        "                 user is gone, or has another password, are disconnected; other changes are named",
        "                 and need a new start",
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
  readonly adminUrl: string | undefined;
}

async function runServer(
  flags: ServeFlags,
  io: Io,
  _positionals: readonly string[],
  readAgain: () => ServeFlags,
): Promise<number> {
  const beganMs = performance.now();
  requireUse(flags);
  const listeners = new Listeners(listenerSettings(flags), flags.maxPacketSize);
  const authenticator = authenticatorOf(flags);
  const accessFile = new WatchedAccessFile(flags);
  const others = makeAuthenticators(flags.authenticator, (text) => {
    io.stderr.write(`anax serve: ${text}\n`);
  });
  const storage = await storageFor(flags);
  const log = await logOutput(flags, io.stderr);
  const systemd = new Systemd(io.environment);
  const server = new MqttServer({
    ...limitOptions(flags),
    ...systemTopicOptions(flags),
    listeners: listeners.options,
    store: storage.store,
    durability: storage.durability,
    ...authenticationOptions(flags, authenticator, others),
    banStore: banFileOf(storage),
    accessRules: accessFile.source,
    logger: loggerFor(flags, log.output),
  });
  const announcer = new Announcer(io.stdout, flags.logFormat);
  const stop = stopSignal(io);
  let admin: AdminApi | undefined;
  let endTelemetry: (() => void) | undefined;
  const tlsWatch = new TlsWatch(listeners, announcer, io);
  const reloadTokens = async (): Promise<void> => admin?.reload();
  const reloading = reloadOnHangUp(
    { server, authenticator, others, listeners, reloadTokens },
    announcer,
    io,
    () => ({ flags: readAgain(), before: flags }),
    (now) => tlsWatch.follow(now),
  );
  let endWatch: (() => void) | undefined;
  try {
    endTelemetry = await start(server, flags);
    admin = await serveAdmin(server, flags, {
      changed: (change) => new Announcer(io.stderr, flags.logFormat).announce(changedLine(change)),
      reload: reloading.again,
    });
    announceStart({ server, storage, adminUrl: admin.url }, flags, announcer, io);
    announcer.announce(readyLine(performance.now() - beganMs));
    systemd.ready();
    endWatch = accessFile.watch(server, announcer);
    tlsWatch.follow(flags);
    const signal = await stop.first;
    systemd.stopping();
    announcer.announce({ event: "stopping", text: `stopping (${signal})`, fields: { signal } });
    // A client that does not let go delays the end by some seconds; whoever cannot wait signals again.
    return await Promise.race([stopped(server), stop.second.then(() => EXIT_CODE.interrupted)]);
  } finally {
    systemd.end();
    endWatch?.();
    tlsWatch.end();
    await admin?.close();
    endTelemetry?.();
    reloading.end();
    stop.dispose();
    await log.close();
  }
}

function banFileOf({ directory }: Storage): BanFile | undefined {
  return directory === undefined ? undefined : new BanFile(join(directory, "bans.json"));
}

function authenticatorOf(flags: ServeFlags): CommandAuthenticator | undefined {
  return isAuthenticating(flags) ? new CommandAuthenticator(flags) : undefined;
}

/** Gives what ends the telling of OpenTelemetry. What Node says of a certificate that is none becomes one line like everything else. */
async function start(server: MqttServer, flags: ServeFlags): Promise<() => void> {
  const endTelemetry = await beginTelemetry(server, flags);
  try {
    await server.start();
    return endTelemetry;
  } catch (cause) {
    throw new CommandError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function announceStart(
  { server, storage, adminUrl }: Started,
  flags: ServeFlags,
  announcer: Announcer,
  io: Io,
): void {
  for (const line of listeningLines(server)) announcer.announce(line);
  announcer.announce(storageLine(storage));
  const warning = openToNetworkLine(server, {
    isAuthenticated: isAuthenticating(flags),
    needsCertificate: needsCertificate(flags),
  });
  if (warning !== undefined) new Announcer(io.stderr, flags.logFormat).announce(warning);
  if (adminUrl !== undefined) announcer.announce(adminLine(adminUrl));
}

/** True if no listener with TLS lets in clients without a certificate. */
function needsCertificate(flags: ServeFlags): boolean {
  const encrypted = listenerSettings(flags).filter(({ cert }) => cert !== undefined);
  return encrypted.length > 0 && encrypted.every(({ requestCert }) => requestCert);
}

async function stopped(server: MqttServer): Promise<number> {
  await server.stop();
  return EXIT_CODE.success;
}

function reloadOnHangUp(
  reloadable: Reloadable,
  announcer: Announcer,
  io: Io,
  read: () => { readonly flags: ServeFlags; readonly before: ServeFlags },
  done: (now: ServeFlags) => void,
): Reloading {
  const again = async (): Promise<readonly string[]> => {
    try {
      const { flags, before } = read();
      const changes = await reload(reloadable, flags, before);
      done(flags);
      announcer.announce(reloadedLine(changes));
      return changes;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      io.stderr.write(`anax serve: not read again: ${reason}\n`);
      throw error;
    }
  };
  const signals: readonly Signal[] = ["SIGHUP"];
  const end = io.onSignal(signals, () => void again().catch(() => undefined));
  return { again, end };
}

/** What reads the configuration again. */
interface Reloading {
  /** Does it now, and gives the names of settings that need a new start. Rejects if it was not read; the log says so too. */
  readonly again: () => Promise<readonly string[]>;
  /** Listens to SIGHUP no more. */
  readonly end: () => void;
}
