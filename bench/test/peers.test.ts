import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { PEERS, RunningPeer } from "../table/peers.ts";
import type { PeerProgram } from "../table/peers.ts";
import { SCENARIOS } from "../table/scenarios.ts";

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

it("has peers write at once where latency is measured beside them, and there alone", () => {
  const isLate = ({ key }: { key: string }): boolean => key === "p50us";
  const beside = SCENARIOS.filter(({ server }) => server === undefined || server === "prompt");
  for (const { name, lines, server = "plain" } of beside) {
    // There it is the default of mosquitto, which gathers what it writes, that is quick.
    if (name === "lockstep-nagle") continue;
    expect(server, name).toBe(lines.some(isLate) ? "prompt" : "plain");
  }
  const mosquitto = PEERS.find(({ name }) => name === "mosquitto");
  const directory = mkdtempSync(join(tmpdir(), "anax-bench-test-"));
  try {
    for (const [kind, setting] of [
      ["plain", "set_tcp_nodelay false"],
      ["prompt", "set_tcp_nodelay true"],
    ] as const) {
      const path = mosquitto?.command(1883, directory, kind).at(-1) ?? "";
      expect(readFileSync(path, "utf8")).toContain(setting);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
