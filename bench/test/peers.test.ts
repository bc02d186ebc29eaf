import { expect, it } from "vitest";
import { RunningPeer } from "../table/peers.ts";
import type { PeerProgram } from "../table/peers.ts";

function peerOf(command: readonly [string, ...string[]]): PeerProgram {
  return { name: "broken", missing: undefined, errors: "ignore", command: () => command };
}

it("tells what a server has said that could not start", async () => {
  const script = "console.error('no such port'); process.exit(3)";
  const peer = peerOf([process.execPath, "-e", script]);
  await expect(RunningPeer.start(peer, "plain", "")).rejects.toThrow(
    /^broken did not start: .*exit code 3\nno such port$/,
  );
});

it("tells that a program is not there", async () => {
  const peer = peerOf(["/no/such/program"]);
  await expect(RunningPeer.start(peer, "plain", "")).rejects.toThrow(/ENOENT/);
});
