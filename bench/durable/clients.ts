import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { encodePacket, Framer } from "@anax/protocol";
import type { Packet } from "@anax/protocol";

const PUBLISH = 3;

/** A client of MQTT 3.1.1 that does what a load needs and no more. */
class BareClient {
  readonly #socket: Socket;
  readonly #framer: Framer = new Framer(268_435_460);
  #taker: (framer: Framer) => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.#framer.push(chunk);
      while (this.#framer.next()) this.#taker(this.#framer);
      this.#framer.release();
    });
  }

  /** A client that has sent CONNECT; the answer goes to whoever takes it. */
  static async connecting(port: number, clientId: string, isLasting: boolean): Promise<BareClient> {
    const socket = connect(port, "127.0.0.1");
    socket.setNoDelay(true);
    await once(socket, "connect");
    const fields = { clientId, cleanStart: !isLasting, keepAliveSeconds: 0 };
    socket.write(encodePacket({ type: "connect", protocolVersion: 4, ...fields }, 4));
    return new BareClient(socket);
  }

  /** A client that was let in. */
  static async open(port: number, clientId: string, isLasting: boolean): Promise<BareClient> {
    const client = await BareClient.connecting(port, clientId, isLasting);
    await new Promise<void>((resolve) => client.take(() => resolve()));
    return client;
  }

  /** Sends a packet and waits for the next one that comes. */
  ask(packet: Packet): Promise<void> {
    return new Promise((resolve) => {
      this.take(() => resolve());
      this.send(encodePacket(packet, 4));
    });
  }

  take(taker: (framer: Framer) => void): void {
    this.#taker = taker;
  }

  send(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  async close(): Promise<void> {
    const closed = once(this.#socket, "close");
    this.#socket.end(encodePacket({ type: "disconnect", reasonCode: 0 }, 4));
    await closed;
  }
}

/** Does `work` for each number below `count`, so many at a time. */
async function forEach(
  count: number,
  atOnce: number,
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const index = next;
      next += 1;
      await work(index);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** Makes lasting sessions, each with a subscription of QoS 1 of its own, and leaves them. */
export async function makeSessions(port: number, count: number): Promise<void> {
  await forEach(count, 64, async (index) => {
    const client = await BareClient.open(port, `session-${index}`, true);
    const options = { noLocal: false, retainAsPublished: false, retainHandling: 2 } as const;
    const subscription = { topicFilter: `queue/${index}`, qos: 1, ...options } as const;
    await client.ask({ type: "subscribe", packetIdentifier: 1, subscriptions: [subscription] });
    await client.close();
  });
}

/** What is published. */
export interface Publications {
  readonly count: number;
  readonly retain: boolean;
  topic(index: number): string;
}

const WINDOW = 2_000;

/** Publishes with QoS 1, payload the number of the message in 16 bytes, and waits for all acknowledgements. */
export async function publishAll(port: number, publications: Publications): Promise<void> {
  const { count, retain } = publications;
  const client = await BareClient.open(port, "publisher", false);
  await new Promise<void>((resolve) => {
    let sent = 0;
    let acknowledged = 0;
    const fill = (): void => {
      const packets: Uint8Array[] = [];
      for (; sent < count && sent - acknowledged < WINDOW; sent += 1) {
        const payload = new TextEncoder().encode(String(sent).padStart(16, "0"));
        const packetIdentifier = (sent % 65_535) + 1;
        const packet = {
          type: "publish",
          topic: publications.topic(sent),
          payload,
          qos: 1,
        } as const;
        packets.push(encodePacket({ ...packet, retain, duplicate: false, packetIdentifier }, 4));
      }
      if (packets.length > 0) client.send(Buffer.concat(packets));
    };
    client.take(() => {
      acknowledged += 1;
      if (acknowledged === count) resolve();
      else if (sent - acknowledged <= WINDOW / 2) fill();
    });
    fill();
  });
  await client.close();
}

/** What the sessions got. */
export interface Drained {
  readonly messages: number;
  /** Messages that came after a later one of the same session. */
  readonly outOfOrder: number;
}

/** Comes back to sessions and takes what they are owed, `each` messages a session. */
export async function drainSessions(port: number, count: number, each: number): Promise<Drained> {
  let messages = 0;
  let outOfOrder = 0;
  await forEach(count, 16, async (index) => {
    const client = await BareClient.connecting(port, `session-${index}`, true);
    let got = 0;
    let last = -1;
    await new Promise<void>((resolve) => {
      client.take(({ firstByte, bytes, bodyStart, end }) => {
        if (firstByte >> 4 !== PUBLISH) return;
        const identifierAt =
          bodyStart + 2 + (bytes[bodyStart] ?? 0) * 256 + (bytes[bodyStart + 1] ?? 0);
        client.send(Uint8Array.of(0x40, 2, bytes[identifierAt] ?? 0, bytes[identifierAt + 1] ?? 0));
        const number = Number(Buffer.from(bytes.subarray(end - 16, end)).toString());
        if (number < last) outOfOrder += 1;
        last = number;
        messages += 1;
        got += 1;
        if (got === each) resolve();
      });
    });
    await client.close();
  });
  return { messages, outOfOrder };
}
