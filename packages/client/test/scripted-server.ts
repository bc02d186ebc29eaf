/**
 * A server that does what the test says, over an in-memory transport. By itself it accepts connections and
 * acknowledges; a test looks at `received` and replaces what it wants otherwise.
 */
import { Framer, decodePacket, encodePacket } from "@anax/protocol";
import type { ConnackPacket, Packet, ProtocolVersion } from "@anax/protocol";
import type { Transport, TransportEvents, TransportFactory, TransportRequest } from "@anax/client";

/** What the server does with a packet; true when the default is not wanted. */
export type Script = (packet: Packet, connection: ServerConnection) => boolean | void;

export class ScriptedServer {
  /** All packets that came, on whatever connection. */
  readonly received: Packet[] = [];
  readonly connections: ServerConnection[] = [];
  readonly requests: TransportRequest[] = [];
  connack: Partial<ConnackPacket> = {};
  script: Script = () => {};
  /** When set, connections cannot be opened. */
  failure: Error | undefined;
  #waiters: { count: number; type: Packet["type"]; resolve: () => void }[] = [];

  /** To be given as the option `transport`. */
  readonly transport: TransportFactory = async (request, events) => {
    this.requests.push(request);
    if (this.failure !== undefined) throw this.failure;
    const connection = new ServerConnection(this, events);
    this.connections.push(connection);
    return connection.transport;
  };

  get connection(): ServerConnection {
    const connection = this.connections.at(-1);
    if (connection === undefined) throw new Error("there is no connection");
    return connection;
  }

  packets<Type extends Packet["type"]>(type: Type): Extract<Packet, { type: Type }>[] {
    return this.received.filter(
      (packet): packet is Extract<Packet, { type: Type }> => packet.type === type,
    );
  }

  /** Waits until so many packets of this type have come. */
  async until(type: Packet["type"], count = 1): Promise<void> {
    if (this.packets(type).length >= count) return;
    await new Promise<void>((resolve) => this.#waiters.push({ count, type, resolve }));
  }

  handle(packet: Packet, connection: ServerConnection): void {
    this.received.push(packet);
    if (this.script(packet, connection) !== true) this.#default(packet, connection);
    this.#waiters = this.#waiters.filter(({ type, count, resolve }) => {
      const isDue = this.packets(type).length >= count;
      if (isDue) resolve();
      return !isDue;
    });
  }

  #default(packet: Packet, connection: ServerConnection): void {
    switch (packet.type) {
      case "connect":
        connection.send({ type: "connack", sessionPresent: false, reasonCode: 0, ...this.connack });
        break;
      case "publish":
        if (packet.qos === 0) break;
        connection.send({
          type: packet.qos === 1 ? "puback" : "pubrec",
          packetIdentifier: packet.packetIdentifier ?? 0,
          reasonCode: 0,
        });
        break;
      case "pubrel":
        connection.send({ ...packet, type: "pubcomp" });
        break;
      case "subscribe": {
        const { packetIdentifier } = packet;
        const reasonCodes = packet.subscriptions.map(({ qos }) => qos);
        connection.send({ type: "suback", packetIdentifier, reasonCodes });
        break;
      }
      case "unsubscribe": {
        const { packetIdentifier } = packet;
        const reasonCodes = packet.topicFilters.map(() => 0);
        connection.send({ type: "unsuback", packetIdentifier, reasonCodes });
        break;
      }
      case "pingreq":
        connection.send({ type: "pingresp" });
        break;
      case "disconnect":
        connection.close();
        break;
      default:
        break;
    }
  }
}

export class ServerConnection {
  /** How many times the client wrote. */
  writes = 0;
  /** When false, `write` says that the peer is slow. */
  isFast = true;
  isClosed = false;
  /** For scripts that have to tell the first exchange from later ones. */
  isAccepted = false;
  readonly #server: ScriptedServer;
  readonly #events: TransportEvents;
  readonly #framer = new Framer(268_435_460);
  #version: ProtocolVersion = 5;

  constructor(server: ScriptedServer, events: TransportEvents) {
    this.#server = server;
    this.#events = events;
  }

  readonly transport: Transport = {
    write: (bytes) => {
      this.writes += 1;
      const copy = bytes.slice();
      setImmediate(() => this.#receive(copy));
      return this.isFast;
    },
    close: () => this.close(),
    destroy: () => this.close(),
  };

  send(...packets: Packet[]): void {
    this.sendBytes(packets.flatMap((packet) => [...encodePacket(packet, this.#version)]));
  }

  publish(
    topic: string,
    payload: string,
    rest: Partial<Extract<Packet, { type: "publish" }>> = {},
  ): void {
    const fields = { topic, payload: new TextEncoder().encode(payload) };
    this.send({ type: "publish", qos: 0, retain: false, duplicate: false, ...fields, ...rest });
  }

  sendBytes(bytes: Iterable<number>): void {
    const chunk = Uint8Array.from(bytes);
    setImmediate(() => {
      if (!this.isClosed) this.#events.onBytes(chunk);
    });
  }

  drain(): void {
    this.isFast = true;
    this.#events.onDrained();
  }

  /** Ends the connection, with an error as when the network failed. */
  close(error?: Error): void {
    if (this.isClosed) return;
    // What was sent before still arrives.
    setImmediate(() => {
      if (this.isClosed) return;
      this.isClosed = true;
      this.#events.onClosed(error);
    });
  }

  #receive(bytes: Uint8Array): void {
    this.#framer.push(bytes);
    while (this.#framer.next()) {
      const { firstByte, bodyStart, end } = this.#framer;
      const packet = decodePacket(firstByte, this.#framer.bytes, bodyStart, end, this.#version);
      if (packet.type === "connect") this.#version = packet.protocolVersion;
      this.#server.handle(packet, this);
    }
  }
}
