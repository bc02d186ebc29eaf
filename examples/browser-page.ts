/** In MQTTnet: MapMqtt of MQTTnet.AspNetCore, a WebSocket endpoint for pages in browsers. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { Server } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { MqttServer } from "@anax/server";
import { build } from "esbuild";
import { runExample } from "./run-example.ts";
import type { Print } from "./run-example.ts";

/** Serves a page and MQTT on one port; the page shows what is published, and can publish itself. */
export async function main(
  signal: AbortSignal,
  print: Print,
  port = Number(process.argv[2] ?? 8080),
): Promise<void> {
  const page = await readFile(pathOf("page.html"), "utf8");
  const script = await bundle(pathOf("page.ts"));
  const http = createServer(({ url }, response) => {
    if (url === "/") response.setHeader("Content-Type", "text/html").end(page);
    else if (url === "/page.js") response.setHeader("Content-Type", "text/javascript").end(script);
    else response.writeHead(404).end();
  });
  await using server = new MqttServer({ listeners: [{ type: "websocket", server: http }] });
  server.on("interceptingPublish", ({ clientId, applicationMessage }) => {
    if (clientId === "" || applicationMessage === undefined) return;
    print(`a page says: ${new TextDecoder().decode(applicationMessage.payload)}`);
  });
  await server.start();
  print(`open http://127.0.0.1:${await listen(http, port)}/`);
  while (!signal.aborted) {
    await server.injectApplicationMessage({
      topic: "page/time",
      payload: new Date().toISOString(),
    });
    await delay(1_000, undefined, { signal }).catch(() => undefined);
  }
  http.close();
}

function pathOf(name: string): string {
  return fileURLToPath(new URL(`browser-page/${name}`, import.meta.url));
}

/** What Vite or another bundler does in your project. */
async function bundle(file: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [file],
    bundle: true,
    write: false,
    format: "esm",
    conditions: ["source", "browser"],
  });
  return outputFiles[0]?.text ?? "";
}

async function listen(http: Server, port: number): Promise<number> {
  http.listen(port, "127.0.0.1");
  await once(http, "listening");
  const address = http.address();
  return typeof address === "object" && address !== null ? address.port : port;
}

runExample(import.meta, main);
