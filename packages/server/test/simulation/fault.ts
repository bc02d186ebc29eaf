import type { Packet, PublishPacket } from "@anax/protocol";
import { acknowledgement } from "../support/core-harness.ts";
import type { SimulatedClient } from "./simulated-client.ts";

/** Defects of a server that the simulation has to find. */
export const FAULT_KINDS = [
  "loses QoS 0",
  "loses QoS 1",
  "loses QoS 2",
  "delivers QoS 2 twice",
  "changes the order",
  "uses an identifier that is in use",
  "delivers what nobody sent",
  "changes the QoS",
  "sets DUP",
  "forgets PUBREL's PUBREC",
] as const;

/** One of `FAULT_KINDS`. */
export type FaultKind = (typeof FAULT_KINDS)[number];

/** Stands between server and client and changes what the server has sent, as if the server were at fault. */
export class Fault {
  readonly kind: FaultKind;
  #lastIdentifier = 0;

  constructor(kind: FaultKind) {
    this.kind = kind;
  }

  change(packets: readonly Packet[], client: SimulatedClient): readonly Packet[] {
    if (this.kind === "changes the order") return swapped(packets);
    return packets.flatMap((packet) =>
      packet.type === "publish" ? this.#publish(packet, client) : [packet],
    );
  }

  #publish(packet: PublishPacket, client: SimulatedClient): readonly Packet[] {
    const { qos, packetIdentifier = 0 } = packet;
    switch (this.kind) {
      case "loses QoS 0":
        return qos === 0 ? [] : [packet];
      case "loses QoS 1":
        if (qos !== 1) return [packet];
        client.send([acknowledgement("puback", packetIdentifier)]);
        return [];
      case "loses QoS 2":
        if (qos !== 2) return [packet];
        client.send([
          acknowledgement("pubrec", packetIdentifier),
          acknowledgement("pubcomp", packetIdentifier),
        ]);
        return [];
      case "delivers QoS 2 twice":
        return qos === 2
          ? [packet, { ...packet, packetIdentifier: packetIdentifier + 40_000 }]
          : [packet];
      case "uses an identifier that is in use": {
        if (qos === 0) return [packet];
        const earlier = this.#lastIdentifier;
        this.#lastIdentifier = packetIdentifier;
        return [earlier === 0 ? packet : { ...packet, packetIdentifier: earlier }];
      }
      case "delivers what nobody sent":
        return [{ ...packet, payload: new TextEncoder().encode("999999:") }];
      case "changes the QoS":
        return qos === 0 ? [packet] : [{ ...packet, qos: qos === 1 ? 2 : 1 }];
      case "sets DUP":
        return qos === 0 ? [packet] : [{ ...packet, duplicate: true }];
      case "forgets PUBREL's PUBREC":
        return qos === 2 ? [packet, acknowledgement("pubrel", packetIdentifier)] : [packet];
      case "changes the order":
        return [packet];
    }
  }
}

/** Exchanges neighbours that have topic and QoS in common. */
function swapped(packets: readonly Packet[]): readonly Packet[] {
  const changed = [...packets];
  for (let index = 1; index < changed.length; index += 1) {
    const [one, other] = [changed[index - 1], changed[index]];
    if (one?.type !== "publish" || other?.type !== "publish") continue;
    if (one.topic !== other.topic || one.qos !== other.qos) continue;
    changed[index - 1] = other;
    changed[index] = one;
  }
  return changed;
}
