import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { programPath } from "../support/program-path.ts";
import { freePort, RunningPeer } from "../table/peers.ts";
import type { CertificateFiles } from "../../interop/support/certificates.ts";
import type { CarrierPorts } from "./carrier.ts";

/** A server with a listener for each carrier. */
export interface CarrierServer {
  readonly name: string;
  readonly ports: CarrierPorts;
  readonly running: RunningPeer;
}

interface Kind {
  readonly name: string;
  readonly program: string | undefined;
  readonly arguments: (ports: CarrierPorts, files: CertificateFiles, directory: string) => string[];
}

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const BUILT = file("../../packages/server/dist/index.js");

/** mosquitto by its default gathers small packets, and is quick at another pattern than when it writes at once. */
const KINDS: readonly Kind[] = [
  {
    name: "anax",
    program: existsSync(BUILT) ? process.execPath : undefined,
    arguments: ({ tcp, ws, tls }, { cert, key }) => [
      file("../servers/anax-carriers.mjs"),
      ...[tcp, ws, tls].map(String),
      cert,
      key,
    ],
  },
  mosquitto("mosquitto", false),
  mosquitto("mosquitto, nodelay", true),
];

function mosquitto(name: string, hasNoDelay: boolean): Kind {
  return {
    name,
    program: programPath("mosquitto"),
    arguments: ({ tcp, ws, tls }, { cert, key }, directory) => {
      const path = join(directory, "mosquitto.conf");
      const lines = [
        "user root",
        "allow_anonymous true",
        "persistence false",
        "log_type none",
        `set_tcp_nodelay ${hasNoDelay}`,
        `listener ${ws} 127.0.0.1`,
        "protocol websockets",
        `listener ${tls} 127.0.0.1`,
        `certfile ${cert}`,
        `keyfile ${key}`,
        // Last: whoever starts it waits until this port takes connections.
        `listener ${tcp} 127.0.0.1`,
      ];
      writeFileSync(path, `${lines.join("\n")}\n`);
      return ["-c", path];
    },
  };
}

/** Starts all servers that are on this machine. */
export async function startServers(files: CertificateFiles, cpu: string): Promise<CarrierServer[]> {
  const servers: CarrierServer[] = [];
  for (const { name, program, arguments: argumentsFor } of KINDS) {
    if (program === undefined) continue;
    const others = { ws: await freePort(), tls: await freePort() };
    let ports: CarrierPorts = { ...others, tcp: 0 };
    const peer = {
      name,
      missing: undefined,
      errors: "ignore",
      command: (tcp: number, directory: string): readonly [string, ...string[]] => {
        ports = { ...others, tcp };
        return [program, ...argumentsFor(ports, files, directory)];
      },
    } as const;
    const running = await RunningPeer.start(peer, "plain", cpu);
    servers.push({ name, ports, running });
  }
  return servers;
}
