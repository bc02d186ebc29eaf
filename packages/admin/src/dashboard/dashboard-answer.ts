import type { MqttServer } from "@anax/server";
import { contentSecurityPolicy, dashboardFile } from "./dashboard-files.ts";
import type { DashboardFileName } from "./dashboard-files.ts";

/** A file of the page as an answer. It holds nothing secret: all that it shows it asks for with a token. */
export async function dashboardAnswer(
  name: DashboardFileName,
  request: Request,
  server: MqttServer,
): Promise<Response> {
  const { type, contents, gzipped } = await dashboardFile(name);
  const host = new URL(request.url).hostname;
  const isGzip = /\bgzip\b/.test(request.headers.get("accept-encoding") ?? "");
  return new Response(isGzip ? gzipped : contents, {
    headers: {
      "content-type": type,
      ...(isGzip && { "content-encoding": "gzip" }),
      vary: "accept-encoding",
      "content-security-policy": contentSecurityPolicy(host, webSocketPorts(server)),
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
    },
  });
}

function webSocketPorts(server: MqttServer): number[] {
  return server.listeners.flatMap(({ address }) => {
    if (address === undefined || !/^wss?:/.test(address.url)) return [];
    const { protocol, port } = new URL(address.url);
    return [port === "" ? (protocol === "wss:" ? 443 : 80) : Number(port)];
  });
}
