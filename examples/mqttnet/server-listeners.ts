/** In MQTTnet: Server_TLS_Samples.cs and Server_ASP_NET_Samples.cs. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "@anax/client";
import { MqttServer } from "@anax/server";
import type { Print } from "../run-example.ts";
import { runSamples } from "./run-samples.ts";

/** Run_Server_With_Self_Signed_Certificate. `credentials` in place of the pair lets it be renewed without a restart. */
export async function runServerWithSelfSignedCertificate(
  _url: string,
  print: Print,
): Promise<void> {
  const certificate = selfSigned();
  await using server = new MqttServer({ listeners: [{ type: "tls", port: 0, ...certificate }] });
  await server.start();
  const { url } = server.address("tls");
  const client = await connect(url, { clientId: "sample", tls: { ca: certificate.cert } });
  print(`connected with ${server.clients.get("sample")?.peer.tls?.protocol}`);
  await client.disconnect();
}

/** Start_Server_With_WebSockets_Support: MQTT on TCP, and on a path of the program's own HTTP server. */
export async function startServerWithWebSockets(_url: string, print: Print): Promise<void> {
  const http = createServer((_request, response) => response.end("a page"));
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  await using server = new MqttServer({
    listeners: [
      { type: "tcp", port: 0 },
      { type: "websocket", server: http, path: "/mqtt" },
    ],
  });
  server.on("clientConnected", ({ peer }) => print(`a client came over ${peer.transport}`));
  await server.start();
  for (const listener of server.listeners) {
    const client = await connect(listener.address?.url ?? "");
    await client.disconnect();
  }
  http.close();
}

/** What a certificate authority does for you. */
export function selfSigned(): { readonly key: string; readonly cert: string } {
  const folder = mkdtempSync(join(tmpdir(), "anax-sample-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
  const files = ["-keyout", key, "-out", cert, "-days", "1", "-nodes"];
  const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  execFileSync("openssl", ["req", ...kind, ...files, ...subject], { stdio: "ignore" });
  const pair = { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
  rmSync(folder, { recursive: true });
  return pair;
}

runSamples(import.meta, { runServerWithSelfSignedCertificate, startServerWithWebSockets });
