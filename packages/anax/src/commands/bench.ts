/** `anax bench`: puts load on a server and measures. */
import type { ConnectionOptions } from "node:tls";
import { isIP } from "node:net";
import type { BenchFlags } from "../bench/bench-flags.ts";
import { BENCH_FLAGS } from "../bench/bench-flags.ts";
import { benchReport, benchTitle, progressLine, reportText } from "../bench/bench-report.ts";
import type { LoadTarget } from "../bench/load-connection.ts";
import { Load } from "../bench/load.ts";
import { measure } from "../bench/measurement.ts";
import type { Command } from "../command.ts";
import { defineCommand } from "../command.ts";
import { CommandError, EXIT_CODE, UsageError } from "../errors.ts";
import type { Io, Output } from "../io.ts";
import { readNamedFile } from "../read-file.ts";
import { stopSignal } from "../stop-signal.ts";

/** `anax bench`. */
export const bench: Command = defineCommand<BenchFlags>({
  name: "bench",
  summary: "put load on a server and measure",
  usage: [
    "anax bench",
    "anax bench --publishers 10 --subscribers 10 -q 1 --window 100",
    "anax bench --subscribers 100 --rate 10000 --duration 30 --json",
    "anax bench --ws --pick random --topics 1000 --size 16-400 -q 1",
  ],
  flags: BENCH_FLAGS,
  notes: [
    {
      title: "What is measured",
      lines: [
        "Each publisher has at most --window messages on their way, so the load is what the server can",
        "deliver. Nothing is lost by overload while the server's queue for a subscriber has room for the",
        "windows of its publishers. With --rate the messages leave by the clock. Latency is from",
        "publishing to delivery; without subscribers, to the acknowledgement. The load itself takes up to",
        "one core: keep the server on another one, or on another machine.",
      ],
    },
    {
      title: "What --json prints",
      lines: [
        "One object, always with the same fields. latencyUs is null if no message was followed to its end,",
        "as at QoS 0 without subscribers; ratePerSecond is null without --rate.",
      ],
    },
    {
      title: "Exit codes",
      lines: [
        "0    measured",
        "1    the server cannot be reached, has refused, has closed a connection, or delivers nothing",
        "2    the command line is wrong",
        "130  interrupted twice; the first time, the result up to then is printed",
      ],
    },
  ],
  run: runBench,
});

async function runBench(flags: BenchFlags, io: Io): Promise<number> {
  requireVersion5(flags);
  const target = targetOf(flags);
  const load = new Load(flags, target);
  const stop = stopSignal(io);
  try {
    const interrupted = stop.second.then(() => EXIT_CODE.interrupted);
    const early = stop.first.then(() => EXIT_CODE.interrupted);
    const connected = load.connect().then(() => EXIT_CODE.success);
    const begun = await Promise.race([connected, early]);
    if (begun !== EXIT_CODE.success) return begun;
    let isStopped = false;
    void stop.first.then(() => (isStopped = true));
    return await Promise.race([
      measured(load, flags, { io, target, isStopped: () => isStopped }),
      interrupted,
    ]);
  } finally {
    stop.dispose();
    load.destroy();
  }
}

interface BenchRun {
  readonly io: Io;
  readonly target: LoadTarget;
  isStopped(): boolean;
}

async function measured(load: Load, flags: BenchFlags, run: BenchRun): Promise<number> {
  const { io, target } = run;
  const progress = progressOutput(flags, io);
  if (!flags.json) io.stdout.write(`${benchTitle(load, flags, target.url)}\n`);
  const measurement = await measure(load, flags, {
    isStopped: () => run.isStopped(),
    onProgress: (now) => progress?.write(`\r\u001b[K${progressLine(now)}`),
  });
  progress?.write("\r\u001b[K");
  load.end();
  const report = benchReport(load, flags, { url: target.url, measurement });
  io.stdout.write(flags.json ? `${JSON.stringify(report)}\n` : reportText(report));
  if (report.connectionsLost > 0)
    throw new CommandError(load.statistics.firstLoss ?? "a connection was lost");
  if (report.subscribers > 0 && report.received === 0 && !run.isStopped())
    throw new CommandError(`of ${report.lost} messages that were published none was delivered`);
  return EXIT_CODE.success;
}

/** Only a terminal is shown a line that changes. */
function progressOutput(flags: BenchFlags, io: Io): Output | undefined {
  return io.stderr.isTTY === true && !flags.quiet ? io.stderr : undefined;
}

function requireVersion5({ protocolVersion, contentType, userProperties }: BenchFlags): void {
  if (protocolVersion === 5) return;
  if (contentType !== undefined) throw new UsageError("--content-type needs MQTT 5.0: -V mqttv5");
  if (userProperties > 0) throw new UsageError("--user-properties needs MQTT 5.0: -V mqttv5");
}

function targetOf(flags: BenchFlags): LoadTarget {
  const { unix, cafile, insecure, ws, wsPath } = flags;
  if (wsPath !== undefined && !ws) throw new UsageError("--ws-path needs --ws");
  const isSecure = flags.tls || insecure || cafile !== undefined;
  if (unix === undefined) return networkTarget(flags, isSecure);
  if (flags.host !== undefined || flags.port !== undefined || isSecure || ws)
    throw new UsageError("--unix is a file: leave out -h, -p, --ws and TLS");
  return { address: { path: unix }, tls: undefined, webSocket: undefined, url: `unix:${unix}` };
}

function networkTarget(flags: BenchFlags, isSecure: boolean): LoadTarget {
  const { host = "127.0.0.1", ws, port = defaultPort(isSecure, ws), wsPath = "/mqtt" } = flags;
  const authority = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  const webSocket = ws ? `${isSecure ? "wss" : "ws"}://${authority}${wsPath}` : undefined;
  const url = webSocket ?? `${isSecure ? "mqtts" : "mqtt"}://${authority}`;
  const tls = isSecure ? tlsOptions(flags, host) : undefined;
  return { address: { host, port }, tls, webSocket, url };
}

function defaultPort(isSecure: boolean, isWebSocket: boolean): number {
  if (isWebSocket) return isSecure ? 8084 : 8083;
  return isSecure ? 8883 : 1883;
}

function tlsOptions({ cafile, insecure }: BenchFlags, host: string): ConnectionOptions {
  return {
    rejectUnauthorized: !insecure,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(cafile === undefined ? {} : { ca: Buffer.from(readNamedFile(cafile)) }),
  };
}
