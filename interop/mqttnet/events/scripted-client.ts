/** A client of the script: it sends what it is told to, acknowledges what comes, and writes down every packet. */
import { connect } from "node:net";
import type { Socket } from "node:net";
import { decodePacket, encodePacket, Framer } from "@anax/protocol";
import type { ConnectPacket, Packet, ProtocolVersion, SubscriptionRequest } from "@anax/protocol";

/** What a client says in CONNECT, beside its name. */
export type Connecting = Partial<Omit<ConnectPacket, "type" | "clientId">>;

/** A session that outlives its connection. */
export const LASTING: Connecting = {
  cleanStart: false,
  properties: { sessionExpiryIntervalSeconds: 3_600 },
};

/** One client of the script. */
export class ScriptedClient {
  readonly name: string;
  /** False: PUBLISH and PUBREL are not answered. */
  isAnswering = true;
  readonly #socket: Socket;
  readonly #version: ProtocolVersion;
  readonly #framer = new Framer(Infinity);
  readonly #note: (line: string) => void;
  readonly #active: () => void;
  #identifier = 0;
  /** From CONNACK 0x00 until the connection ends. */
  #isConnected = false;
  #wasConnected = false;
  /** PINGREQs that are not answered yet. */
  #pings: (() => void)[] = [];

  constructor(fields: {
    readonly name: string;
    readonly port: number;
    readonly version: ProtocolVersion;
    /** Told what has come, packet by packet, and of the end. */
    readonly note: (line: string) => void;
    readonly active: () => void;
  }) {
    this.name = fields.name;
    this.#version = fields.version;
    this.#note = fields.note;
    this.#active = fields.active;
    this.#socket = connect(fields.port, "127.0.0.1");
    this.#socket.on("error", () => undefined);
    this.#socket.on("data", (chunk: Uint8Array) => this.#received(chunk));
    this.#socket.once("close", () => {
      this.#end();
      this.#note("closed");
    });
  }

  /** True once there was a connection and it has ended, on either side. */
  get hasEnded(): boolean {
    return this.#wasConnected && !this.#isConnected;
  }

  /**
   * Goes to the server and back, behind whatever was sent before. Nothing of it is written down. Resolves at once where there is no
   * connection, and when it ends.
   */
  async ping(): Promise<void> {
    if (!this.#isConnected) return;
    const answered = new Promise<void>((resolve) => this.#pings.push(resolve));
    this.send({ type: "pingreq" });
    await answered;
  }

  connect(fields: Connecting = {}, clientId = this.name): void {
    this.send({
      type: "connect",
      protocolVersion: this.#version,
      clientId,
      cleanStart: true,
      keepAliveSeconds: 0,
      ...fields,
    });
  }

  send(...packets: readonly Packet[]): void {
    for (const packet of packets) this.#socket.write(encodePacket(packet, this.#version));
  }

  sendBytes(hex: string): void {
    this.#socket.write(Buffer.from(hex.replaceAll(" ", ""), "hex"));
  }

  subscribe(...filters: readonly (string | Partial<SubscriptionRequest>)[]): void {
    const defaults = {
      qos: 1,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
    } as const;
    const subscriptions = filters.map((filter) => ({
      topicFilter: "",
      ...defaults,
      ...(typeof filter === "string" ? { topicFilter: filter } : filter),
    }));
    this.send({ type: "subscribe", packetIdentifier: this.#next(), subscriptions });
  }

  unsubscribe(...topicFilters: readonly string[]): void {
    this.send({ type: "unsubscribe", packetIdentifier: this.#next(), topicFilters });
  }

  publish(topic: string, payload: string, qos: 0 | 1 | 2 = 0, more: object = {}): void {
    this.send({
      type: "publish",
      topic,
      payload: new TextEncoder().encode(payload),
      qos,
      retain: false,
      duplicate: false,
      ...(qos > 0 && { packetIdentifier: this.#next() }),
      ...more,
    });
  }

  disconnect(reasonCode = 0, properties?: object): void {
    this.send({ type: "disconnect", reasonCode, ...(properties && { properties }) } as Packet);
    this.#end();
    this.#socket.end();
  }

  cut(): void {
    this.#end();
    this.#socket.destroy();
  }

  #end(): void {
    this.#isConnected = false;
    for (const resolve of this.#pings.splice(0)) resolve();
  }

  #next(): number {
    this.#identifier += 1;
    return this.#identifier;
  }

  #received(chunk: Uint8Array): void {
    this.#framer.push(new Uint8Array(chunk));
    while (this.#framer.next()) {
      const { bytes, firstByte, start, bodyStart, end } = this.#framer;
      const packet = decodePacket(firstByte, bytes, bodyStart, end, this.#version);
      if (packet.type === "pingresp") {
        this.#pings.shift()?.();
        continue;
      }
      this.#active();
      if (packet.type === "connack" && packet.reasonCode === 0) {
        this.#isConnected = true;
        this.#wasConnected = true;
      }
      this.#note(`${shown(packet)} ${Buffer.from(bytes.subarray(start, end)).toString("hex")}`);
      if (this.isAnswering) this.#answer(packet);
    }
  }

  #answer(packet: Packet): void {
    if (packet.type === "pubrec" && packet.reasonCode < 0x80)
      this.send({ type: "pubrel", packetIdentifier: packet.packetIdentifier, reasonCode: 0 });
    if (packet.type === "pubrel")
      this.send({ type: "pubcomp", packetIdentifier: packet.packetIdentifier, reasonCode: 0 });
    if (packet.type !== "publish" || packet.qos === 0) return;
    const type = packet.qos === 1 ? "puback" : "pubrec";
    this.send({ type, packetIdentifier: packet.packetIdentifier ?? 0, reasonCode: 0 });
  }
}

/** A packet in words: its type, what it answers, and its properties. */
export function shown(packet: Packet): string {
  const properties = "properties" in packet ? Object.entries(packet.properties ?? {}) : [];
  const said = properties
    .filter(([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0))
    .map(([name, value]) => `${name} ${text(value)}`);
  return [nameOf(packet), ...(said.length === 0 ? [] : [`(${said.join(", ")})`])].join(" ");
}

function text(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString("utf8") : JSON.stringify(value);
}

const hex = (code: number): string => `0x${code.toString(16).padStart(2, "0")}`;

/** As the lines of both servers name it. */
export function nameOf(packet: Packet): string {
  switch (packet.type) {
    case "publish": {
      const { topic, qos, retain, duplicate } = packet;
      return `publish ${topic} qos ${qos}${retain ? " retain" : ""}${duplicate ? " dup" : ""}`;
    }
    case "connack":
      return `connack ${hex(packet.reasonCode)}${packet.sessionPresent ? " present" : ""}`;
    case "puback":
    case "pubrec":
    case "pubcomp":
    case "disconnect":
      return `${packet.type} ${hex(packet.reasonCode)}`;
    case "suback":
    case "unsuback":
      return [packet.type, ...packet.reasonCodes.map(hex)].join(" ");
    default:
      return packet.type;
  }
}
