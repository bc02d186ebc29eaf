import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { bundledProgram } from "../../../../tools/bundled-program.ts";
import { connectPeer } from "../support/byte-peer.ts";
import { MqttPeer } from "../support/mqtt-peer.ts";

const PROGRAM = await bundledProgram(
  fileURLToPath(new URL("../support/limited-server.ts", import.meta.url)),
);
/** What Node itself opens, and some places for clients. */
const FILES_MAX = 120;
/** What a client is told by a server that is full. */
const SERVER_UNAVAILABLE = 0x88;

it("a server that has no more file descriptors goes on when there are some again", async () => {
  const run = `ulimit -n ${FILES_MAX}; exec "$0" "$1"`;
  const child = spawn("sh", ["-c", run, process.execPath, PROGRAM], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const target = { host: "127.0.0.1", port: Number(line.toString()) };
  const peers = await Promise.all(
    Array.from({ length: FILES_MAX + 20 }, () => connectPeer(target)),
  );
  // Who finds no room is closed or left waiting; the server still serves those whom it has.
  const answers = peers.map(async (peer, index) => {
    const answer = await new MqttPeer(peer.stream).connect({ clientId: `peer ${index}` });
    return answer ?? Promise.reject(new Error("closed"));
  });
  expect(await Promise.any(answers)).toMatchObject({ type: "connack", reasonCode: 0 });
  for (const peer of peers) peer.stream.destroy();
  await Promise.all(peers.map(({ closed }) => closed));
  // Those that have just gone may have their places for a moment longer: it is told that the server is full, or closed.
  const refusals: unknown[] = [];
  for (;;) {
    const peer = await connectPeer(target);
    const connack = await new MqttPeer(peer.stream).connect({ clientId: "later" });
    peer.stream.destroy();
    if (connack?.type === "connack" && connack.reasonCode === 0) break;
    refusals.push(connack);
  }
  const full = { type: "connack", sessionPresent: false, reasonCode: SERVER_UNAVAILABLE };
  for (const refusal of refusals) expect([undefined, full]).toContainEqual(refusal);
  child.stdin.end();
  expect(await exited).toEqual([0, null]);
});
