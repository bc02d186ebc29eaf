/** Ports of this machine. */
import { once } from "node:events";
import { createServer } from "node:net";
import type { Server } from "node:net";

/** Lets a server listen on a port that the system chooses, and tells which. */
export async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** A port that was free a moment ago: mosquitto cannot be told to choose one. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  server.close();
  await once(server, "close");
  return port;
}
