/** MQTT servers that nobody here wrote, each started for one test file. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, listen, programPath } from "@anax/testing";
import { Aedes } from "aedes";
import { createWebSocketStream, WebSocketServer } from "ws";
import { ChildProgram } from "./child-program.ts";

/** A running server: anna comes in with the password "secret", and so does who gives no name. */
export interface ForeignServer extends AsyncDisposable {
  readonly port: number;
  /** URLs by the transport that they use. */
  readonly urls: Readonly<Record<string, string>>;
}

/** Starts mosquitto with these lines added to its configuration, before and after its listeners. */
export async function startMosquitto(
  settings: readonly string[] = [],
  bridges: readonly string[] = [],
): Promise<ForeignServer> {
  const folder = mkdtempSync(join(tmpdir(), "anax-mosquitto-"));
  const port = await freePort();
  const webSocketPort = await freePort();
  const socket = join(folder, "socket");
  const passwords = join(folder, "passwords");
  const configuration = [
    "user root",
    "log_dest stderr",
    "log_type all",
    "allow_anonymous true",
    `password_file ${passwords}`,
    ...settings,
    `listener ${port} 127.0.0.1`,
    `listener 0 ${socket}`,
    `listener ${webSocketPort} 127.0.0.1`,
    "protocol websockets",
    ...bridges,
  ];
  execFileSync("mosquitto_passwd", ["-b", "-c", passwords, "anna", "secret"]);
  const file = join(folder, "mosquitto.conf");
  writeFileSync(file, `${configuration.join("\n")}\n`);
  const program = new ChildProgram(programPath("mosquitto"), ["-c", file]);
  await program.printed(/mosquitto version \S+ running/);
  return {
    port,
    urls: {
      TCP: `mqtt://127.0.0.1:${port}`,
      WebSocket: `ws://127.0.0.1:${webSocketPort}/mqtt`,
      "Unix socket": `unix://${socket}`,
    },
    [Symbol.asyncDispose]: async () => {
      await program.stop("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Starts aedes, on TCP and WebSocket. */
export async function startAedes(): Promise<ForeignServer> {
  const broker = await Aedes.createBroker({
    authenticate: (_client, userName, password, done) => {
      const isWelcome = userName === undefined || String(password) === "secret";
      done(isWelcome ? null : Object.assign(new Error("refused"), { returnCode: 4 }), isWelcome);
    },
  });
  const tcp = createServer((socket) => broker.handle(socket));
  const http = createHttpServer();
  const webSockets = new WebSocketServer({ server: http });
  webSockets.on("connection", (webSocket, request) => {
    broker.handle(createWebSocketStream(webSocket), request);
  });
  const [port, webSocketPort] = [await listen(tcp), await listen(http)];
  return {
    port,
    urls: { TCP: `mqtt://127.0.0.1:${port}`, WebSocket: `ws://127.0.0.1:${webSocketPort}/mqtt` },
    [Symbol.asyncDispose]: async () => {
      await new Promise<void>((resolve) => broker.close(resolve));
      tcp.close();
      http.close();
    },
  };
}
