import type { ConnackPacket, ConnectPacket, Packet, ProtocolVersion, Will } from "@anax/protocol";
import type { Ledger } from "../ledger/ledger.ts";
import { Peer } from "./peer.ts";

const NEVER = 0xffff_ffff;

/** What a client says in each CONNECT. */
export interface ClientFields {
  readonly clientId: string;
  readonly protocolVersion: ProtocolVersion;
  /** How many unacknowledged messages it takes. MQTT 5.0 only. */
  readonly receiveMaximum?: number;
}

/** How a client connects this time. */
export interface Arrival {
  readonly cleanStart?: boolean;
  readonly will?: Will;
}

/** What the client knows of its session at the server. */
type Knowledge = "none" | "unknown" | "confirmed";

/**
 * A client with a session that outlives its connections and the server. It remembers what it has seen of the session, and
 * complains if the server does not.
 */
export abstract class PersistentClient {
  readonly ledger: Ledger;
  readonly #fields: ClientFields;
  #peer: Peer | undefined;
  #session: Knowledge = "none";
  #isOnline = false;
  #wantsCleanStart = false;
  #endsByItself = false;
  #lastReason = "";
  #settleArrival: ((isOnline: boolean) => void) | undefined;

  constructor(ledger: Ledger, fields: ClientFields) {
    this.ledger = ledger;
    this.#fields = fields;
  }

  get clientId(): string {
    return this.#fields.clientId;
  }

  /** True from CONNACK until the connection closes. */
  get isOnline(): boolean {
    return this.#isOnline;
  }

  get isConnecting(): boolean {
    return this.#peer !== undefined && !this.#isOnline;
  }

  /** Connects; true if the server has let it in before the connection closed. Does nothing if it is connected. */
  async connect(port: number, arrival: Arrival = {}): Promise<boolean> {
    if (this.#peer !== undefined) return this.#isOnline;
    // A Clean Start that nobody has confirmed may have happened or not: only another one brings certainty.
    this.#wantsCleanStart ||= arrival.cleanStart ?? false;
    if (this.#wantsCleanStart) this.discarding();
    this.#endsByItself = false;
    const packet = this.#connectPacket(arrival);
    return new Promise((resolve) => {
      this.#settleArrival = resolve;
      const peer: Peer = Peer.connect(port, packet, {
        packet: (received) => this.#receive(received),
        closed: () => this.#closed(peer),
      });
      this.#peer = peer;
    });
  }

  send(packet: Packet): void {
    this.#peer?.send(packet);
  }

  /** Breaks the connection. */
  drop(): void {
    this.#endsByItself = true;
    this.#peer?.destroy();
  }

  /** Says DISCONNECT and closes. */
  leave(): void {
    this.#endsByItself = true;
    this.send({ type: "disconnect", reasonCode: 0 });
    this.#peer?.end();
  }

  /** The session goes on after CONNACK. */
  protected abstract resumed(): void;
  /** There is a new session after CONNACK. */
  protected abstract begun(): void;
  /** A packet other than CONNACK came. */
  protected abstract received(packet: Packet): void;
  /** CONNECT with Clean Start is about to be sent. */
  protected discarding(): void {}
  /** The connection is gone; `wasOnline` says whether CONNACK had come. */
  protected lost(_wasOnline: boolean): void {}

  #connectPacket({ will }: Arrival): ConnectPacket {
    const { clientId, protocolVersion, receiveMaximum } = this.#fields;
    const properties = {
      sessionExpiryIntervalSeconds: NEVER,
      ...(receiveMaximum === undefined ? {} : { receiveMaximum }),
    };
    return {
      type: "connect",
      protocolVersion,
      clientId,
      cleanStart: this.#wantsCleanStart,
      keepAliveSeconds: 0,
      ...(will === undefined ? {} : { will }),
      ...(protocolVersion === 5 ? { properties } : {}),
    };
  }

  #receive(packet: Packet): void {
    if (packet.type === "disconnect") this.#lastReason = `, Reason Code ${packet.reasonCode}`;
    if (packet.type !== "connack") return this.received(packet);
    if (packet.reasonCode !== 0) {
      const text = `${this.clientId}: CONNACK with Reason Code ${packet.reasonCode}`;
      this.ledger.complain("refused", text);
      return;
    }
    this.#arrived(packet);
  }

  #arrived({ sessionPresent }: ConnackPacket): void {
    const expected = this.#wantsCleanStart ? "none" : this.#session;
    if (sessionPresent && expected === "none") this.#complain("is there and should not be");
    if (!sessionPresent && expected === "confirmed") this.#complain("is gone");
    this.#session = "confirmed";
    this.#wantsCleanStart = false;
    this.#isOnline = true;
    if (sessionPresent) this.resumed();
    else this.begun();
    this.#settleArrival?.(true);
  }

  #complain(what: string): void {
    this.ledger.complain("session", `the session of ${this.clientId} ${what}`);
  }

  #closed(peer: Peer): void {
    if (this.#peer !== peer) return;
    const wasOnline = this.#isOnline;
    // Whether the server has made the session is not known if CONNACK did not come.
    if (!wasOnline && this.#session === "none") this.#session = "unknown";
    if (this.ledger.isServerUp && !this.#endsByItself) {
      const text = `the server closed the connection of ${this.clientId}${this.#lastReason}`;
      this.ledger.complain("refused", text);
    }
    this.#peer = undefined;
    this.#isOnline = false;
    this.#settleArrival?.(false);
    this.lost(wasOnline);
  }
}
