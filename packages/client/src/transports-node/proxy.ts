/** Opens a TCP connection through a proxy: SOCKS 4 and 5 by `socks`, HTTP CONNECT by what Node has for it. */
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Socket } from "node:net";
import type { TransportRequest } from "../transports/transport.ts";

type ProxyRequest = Pick<TransportRequest, "address" | "addressFamily" | "localAddress" | "signal">;

/** A connection to the server of the request; the proxy looks up its name. */
export function connectThroughProxy(proxy: URL, request: ProxyRequest): Promise<Socket> {
  return proxy.protocol.startsWith("socks")
    ? throughSocks(proxy, request)
    : throughHttp(proxy, request);
}

async function throughSocks(proxy: URL, request: ProxyRequest): Promise<Socket> {
  const { SocksClient } = await import("socks");
  const { address, addressFamily: family, localAddress, signal } = request;
  signal.throwIfAborted();
  const client = new SocksClient({
    command: "connect",
    destination: { host: address.host, port: address.port },
    proxy: {
      host: hostOf(proxy),
      port: Number(proxy.port) || 1_080,
      type: proxy.protocol.startsWith("socks4") ? 4 : 5,
      ...(proxy.username && { userId: decodeURIComponent(proxy.username) }),
      ...(proxy.password && { password: decodeURIComponent(proxy.password) }),
    },
    socket_options: { host: hostOf(proxy), port: 0, family, localAddress },
    set_tcp_nodelay: true,
  });
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      client.once("established", ({ socket }) => socket.destroy());
      reject(signal.reason);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    client.once("established", ({ socket }) => {
      signal.removeEventListener("abort", onAbort);
      resolve(socket);
    });
    client.once("error", (error) => {
      signal.removeEventListener("abort", onAbort);
      reject(proxyError(proxy, error.message, error));
    });
    client.connect();
  });
}

function throughHttp(proxy: URL, request: ProxyRequest): Promise<Socket> {
  const { address, addressFamily: family, localAddress, signal } = request;
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  const target = `${host}:${address.port}`;
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  const authorization = `Basic ${Buffer.from(credentials).toString("base64")}`;
  const isSecure = proxy.protocol === "https:";
  const open = isSecure ? httpsRequest : httpRequest;
  const sent = open({
    host: hostOf(proxy),
    port: Number(proxy.port) || (isSecure ? 443 : 80),
    method: "CONNECT",
    path: target,
    headers: { host: target, ...(proxy.username && { "proxy-authorization": authorization }) },
    agent: false,
    signal,
    ...(family && { family }),
    ...(localAddress !== undefined && { localAddress }),
  });
  return new Promise((resolve, reject) => {
    const refuse = (status: number | undefined, words: string | undefined): void => {
      sent.destroy();
      reject(proxyError(proxy, `it answered ${status} ${words} to CONNECT`));
    };
    sent.once("connect", (response, socket, head) => {
      if (response.statusCode !== 200) return refuse(response.statusCode, response.statusMessage);
      if (head.length > 0) socket.unshift(head);
      (socket as Socket).setNoDelay(true);
      resolve(socket as Socket);
    });
    sent.once("response", ({ statusCode, statusMessage }) => refuse(statusCode, statusMessage));
    sent.once("error", (error) =>
      reject(signal.aborted ? signal.reason : proxyError(proxy, error.message, error)),
    );
    sent.end();
  });
}

function hostOf(proxy: URL): string {
  return proxy.hostname.startsWith("[") ? proxy.hostname.slice(1, -1) : proxy.hostname;
}

/** Never with the credentials of the proxy. */
function proxyError(proxy: URL, why: string, cause?: Error): Error {
  return new Error(`the proxy ${proxy.protocol}//${proxy.host}: ${why}`, { cause });
}
