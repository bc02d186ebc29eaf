/** Runs the mosquitto of the machine with all its kinds of listeners, on free ports of the loopback address. */
import { execFileSync, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectSocket, createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";

const BINARY = "/usr/sbin/mosquitto";

/** Why the tests are skipped; undefined when they can run. */
export const whyNoMosquitto: string | undefined = existsSync(BINARY)
  ? undefined
  : `${BINARY} is not installed (Debian package mosquitto)`;

export interface Mosquitto {
  readonly mqtt: string;
  readonly mqtts: string;
  readonly ws: string;
  readonly unix: string;
  /** Accepts `user` with `pass` only. */
  readonly guarded: string;
  /** Certificate to trust, PEM. */
  readonly ca: string;
  stop(): Promise<void>;
}

export async function startMosquitto(): Promise<Mosquitto> {
  const folder = mkdtempSync(join(tmpdir(), "anax-mosquitto-"));
  const [mqtt, mqtts, ws, guarded] = await freePorts(4);
  const unix = join(folder, "socket");
  makeCertificate(folder);
  execFileSync("mosquitto_passwd", ["-b", "-c", join(folder, "passwords"), "user", "pass"]);
  const configuration = join(folder, "mosquitto.conf");
  writeFileSync(
    configuration,
    [
      // Started by root it would become another user, who may not read the folder.
      `user ${userInfo().username}`,
      "per_listener_settings true",
      `listener ${mqtt} 127.0.0.1`,
      "allow_anonymous true",
      `listener 0 ${unix}`,
      "allow_anonymous true",
      `listener ${mqtts} 127.0.0.1`,
      "allow_anonymous true",
      `certfile ${join(folder, "cert.pem")}`,
      `keyfile ${join(folder, "key.pem")}`,
      `listener ${ws} 127.0.0.1`,
      "protocol websockets",
      "allow_anonymous true",
      `listener ${guarded} 127.0.0.1`,
      "allow_anonymous false",
      `password_file ${join(folder, "passwords")}`,
      "",
    ].join("\n"),
  );
  const child = spawn(BINARY, ["-c", configuration], { stdio: "ignore" });
  await untilListening(mqtt, child);
  return {
    mqtt: `mqtt://127.0.0.1:${mqtt}`,
    mqtts: `mqtts://127.0.0.1:${mqtts}`,
    ws: `ws://127.0.0.1:${ws}/mqtt`,
    unix: `unix://${unix}`,
    guarded: `mqtt://user:pass@127.0.0.1:${guarded}`,
    ca: readFileSync(join(folder, "cert.pem"), "utf8"),
    stop: async () => {
      const exited = new Promise((resolve) => child.once("exit", resolve));
      child.kill();
      await exited;
      rmSync(folder, { recursive: true });
    },
  };
}

/** A certificate for 127.0.0.1 that is its own authority. */
function makeCertificate(folder: string): void {
  const files = ["-keyout", join(folder, "key.pem"), "-out", join(folder, "cert.pem")];
  const names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
  const kind = ["-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  execFileSync("openssl", ["req", ...kind, "-days", "2", ...files, ...names], { stdio: "ignore" });
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  const ports: number[] = [];
  for (const server of servers) {
    if (!server.listening) await new Promise((resolve) => server.once("listening", resolve));
    const address = server.address();
    ports.push(typeof address === "object" ? (address?.port ?? 0) : 0);
  }
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
  return ports;
}

async function untilListening(port: number | undefined, child: ChildProcess): Promise<void> {
  while (child.exitCode === null) {
    const isUp = await new Promise<boolean>((resolve) => {
      const socket = connectSocket({ host: "127.0.0.1", port: port ?? 0 });
      socket.once("connect", () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => setTimeout(() => resolve(false), 20));
    });
    if (isUp) return;
  }
  throw new Error(`mosquitto ended with ${child.exitCode}`);
}
