import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { Admin } from "../admin.ts";

/** Where the API listens. */
export interface AdminListenerOptions {
  /** Default "127.0.0.1": this machine only. */
  readonly host?: string | undefined;
  /** 0 lets the system choose. */
  readonly port: number;
}

/** An API that listens. */
export interface AdminListener {
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Ends all connections, and the API. */
  close(): Promise<void>;
}

/** Milliseconds for the headers of a request. */
const HEADERS_TIMEOUT_MS = 10_000;
/** Milliseconds for a whole request. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Connections at a time of an API that listens by itself: streams, and browsers that have several each. */
const CONNECTIONS_MAX = 256;

/** Lets the API be called by HTTP. Rejects if the place is taken. */
export async function listenAdmin(
  admin: Admin,
  { host = "127.0.0.1", port }: AdminListenerOptions,
): Promise<AdminListener> {
  const listener = getRequestListener((request, env) => admin.fetch(request, remoteAddressOf(env)));
  const server = createServer(
    { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
    (incoming, outgoing) => void listener(incoming, outgoing),
  );
  server.maxConnections = CONNECTIONS_MAX;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, resolve);
  });
  return { url: urlOf(server), close: () => closed(server, admin) };
}

function remoteAddressOf(env: unknown): string | undefined {
  const { incoming } = env as {
    readonly incoming?: { readonly socket?: { readonly remoteAddress?: string } };
  };
  return incoming?.socket?.remoteAddress;
}

function urlOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo;
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}

function closed(server: Server, admin: Admin): Promise<void> {
  admin.close();
  server.closeAllConnections();
  return new Promise((resolve) => void server.close(() => resolve()));
}
