/** `anax serve`: runs a server until it is told to stop. */
import { MqttServer } from "@anax/server";
import type { Command } from "../command.ts";
import { defineCommand } from "../command.ts";
import { CommandError, EXIT_CODE } from "../errors.ts";
import type { Io, Signal } from "../io.ts";
import {
  Announcer,
  listeningLines,
  openToNetworkLine,
  STORAGE_LINE,
} from "../serving/announcement.ts";
import { CommandAuthenticator } from "../serving/command-authenticator.ts";
import { listenerOptions, tlsCredentials } from "../serving/listeners.ts";
import type { ReloadableCredentials } from "../serving/listeners.ts";
import type { ServeFlags } from "../serving/serve-flags.ts";
import { SERVE_FLAGS } from "../serving/serve-flags.ts";
import { limitOptions, loggerFor, systemTopicOptions } from "../serving/server-options.ts";
import { stopSignal } from "../stop-signal.ts";

/** `anax serve`. */
export const serve: Command = defineCommand<ServeFlags>({
  name: "serve",
  summary: "run a server",
  usage: [
    "anax serve",
    "anax serve --port 2883 --ws-port 8083",
    "anax serve --host 0.0.0.0 --password-file users.txt",
  ],
  flags: SERVE_FLAGS,
  notes: [
    {
      title: "Output",
      lines: [
        "A line for each place where it listens; then a line that begins with `ready`, which scripts",
        "can wait for. Log records go to standard error.",
      ],
    },
    {
      title: "Signals",
      lines: [
        "SIGINT, SIGTERM  close all connections (MQTT 5.0 clients are told why) and end; again: at once",
        "SIGHUP           read the password file and the TLS files again",
      ],
    },
    {
      title: "Exit codes",
      lines: [
        "0  stopped by a signal",
        "1  it cannot run: a port in use, a file that cannot be read",
        "2  the command line is wrong",
      ],
    },
  ],
  run: runServer,
});

/** What a running server may be told to read again. */
interface Reloadable {
  readonly authenticator: CommandAuthenticator | undefined;
  readonly credentials: ReloadableCredentials | undefined;
}

async function runServer(flags: ServeFlags, io: Io): Promise<number> {
  const credentials = tlsCredentials(flags);
  const authenticator = authenticatorOf(flags);
  const server = new MqttServer({
    ...limitOptions(flags),
    ...systemTopicOptions(flags),
    listeners: listenerOptions(flags, credentials),
    authenticate: authenticator,
    logger: loggerFor(flags, io.stderr),
  });
  const announcer = new Announcer(io.stdout, flags.logFormat);
  const stop = stopSignal(io);
  const endReload = reloadOnHangUp({ authenticator, credentials }, announcer, io);
  try {
    await start(server);
    announceStart(server, flags, announcer, io);
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

function announceStart(server: MqttServer, flags: ServeFlags, announcer: Announcer, io: Io): void {
  for (const line of listeningLines(server)) announcer.announce(line);
  announcer.announce(STORAGE_LINE);
  const warning = openToNetworkLine(server, {
    isAuthenticated: flags.user.length > 0 || flags.passwordFile !== undefined,
    needsCertificate: flags.requestCert,
  });
  if (warning !== undefined) new Announcer(io.stderr, flags.logFormat).announce(warning);
  const startMs = Math.round(performance.now());
  announcer.announce({
    event: "ready",
    text: `ready in ${startMs} ms (process ${process.pid})`,
    fields: { startMs, pid: process.pid },
  });
}

async function stopped(server: MqttServer): Promise<number> {
  await server.stop();
  return EXIT_CODE.success;
}

function reloadOnHangUp(
  { authenticator, credentials }: Reloadable,
  announcer: Announcer,
  io: Io,
): () => void {
  const reload = async (): Promise<void> => {
    try {
      await authenticator?.load();
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
