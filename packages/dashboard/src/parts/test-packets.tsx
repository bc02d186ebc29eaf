import { useStore } from "../state/store.ts";
import { packets, PACKETS_MAX } from "../state/test-packets.ts";
import { say, time } from "../words/words.ts";
import { PacketLine } from "./packet-line.tsx";

/** The packets of the test client as they pass, with all that they say. */
export function TestPackets() {
  const all = useStore(packets.store);
  return (
    <details class="packets">
      <summary>{say("packets")}</summary>
      <p class="row">
        <span class="soft">{say("messagesKept", { count: PACKETS_MAX })}</span>
        <button type="button" onClick={() => packets.clear()}>
          {say("clear")}
        </button>
      </p>
      {all.length > 0 && (
        <ol class="lately card" tabIndex={0} aria-label={say("packets")}>
          {all.map(({ id, atMs, direction, packet }) => (
            <li key={id}>
              <time>{time(atMs)}</time>{" "}
              {say(direction === "in" ? "trace_packetReceived" : "trace_packetSent")}{" "}
              <PacketLine packet={packet} />
            </li>
          ))}
        </ol>
      )}
    </details>
  );
}
