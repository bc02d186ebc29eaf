/**
 * What a page does with an MQTT server, whichever client it uses. It runs in a browser; what it
 * observes goes back to the test.
 */

/** A message as the page has seen it. */
export interface Observed {
  readonly topic: string;
  readonly text: string;
  readonly qos: number;
  readonly retain: boolean;
}

/** A client, as far as a page needs one. Publishing resolves with the acknowledgement. */
export interface PageClient {
  subscribe(filter: string, qos: 0 | 1 | 2): Promise<void>;
  publish(topic: string, text: string, qos: 0 | 1 | 2, retain?: boolean): Promise<void>;
  disconnect(): Promise<void>;
}

/** How a page connects. The will is at QoS 1. */
export interface PageConnection {
  readonly url: string;
  readonly version: 3 | 4 | 5;
  readonly will?: { readonly topic: string; readonly text: string };
  readonly onMessage: (message: Observed) => void;
}

/** Connects with the client in question. */
export type PageConnect = (connection: PageConnection) => Promise<PageClient>;

/** What a test asks of a page. */
export interface PageRequest {
  readonly url: string;
  readonly version: 3 | 4 | 5;
  /** Prefix of all topics, so that pages do not meet by accident. */
  readonly root: string;
}

/** What the page reports. */
export interface PageReport {
  readonly messages: readonly Observed[];
  readonly manyInOrder: boolean;
}

/** What a bundle offers to the test that has loaded it. */
export interface PageProgram {
  exchange(request: PageRequest): Promise<PageReport>;
  /** Connects with a will and stays until the page is closed. */
  stay(request: PageRequest): Promise<void>;
}

const MANY = 1_000;

/** The program of a page that uses this client. */
export function pageProgram(connect: PageConnect): PageProgram {
  return {
    exchange: (request) => exchange(connect, request),
    stay: async ({ url, version, root }) => {
      const will = { topic: `${root}/will`, text: "gone" };
      await connect({ url, version, will, onMessage: () => undefined });
    },
  };
}

async function exchange(
  connect: PageConnect,
  { url, version, root }: PageRequest,
): Promise<PageReport> {
  const inbox = new Inbox();
  const onMessage = (message: Observed): void => inbox.add(message);
  const client = await connect({ url, version, onMessage });
  const publisher = await connect({ url, version, onMessage: () => undefined });
  await client.subscribe(`${root}/#`, 2);
  for (const qos of [0, 1, 2] as const) {
    await publisher.publish(`${root}/qos`, `at ${qos}: Grüße`, qos);
  }
  await publisher.publish(`${root}/kept`, "kept", 1, true);
  await publisher.publish(`${root}/large`, "x".repeat(200_000), 1);
  const messages = [...(await inbox.take(5))];

  const latecomer = await connect({ url, version, onMessage });
  await latecomer.subscribe(`${root}/kept`, 1);
  messages.push(...(await inbox.take(1)));
  await latecomer.disconnect();

  const texts = Array.from({ length: MANY }, (_, index) => `${index}`);
  const published = texts.map((text) => publisher.publish(`${root}/many`, text, 1));
  const many = await inbox.take(MANY);
  await Promise.all(published);
  await Promise.all([client.disconnect(), publisher.disconnect()]);
  const manyInOrder = many.every(({ text }, index) => text === texts[index]);
  return { messages, manyInOrder };
}

class Inbox {
  readonly #messages: Observed[] = [];
  #wake: () => void = () => undefined;

  add(message: Observed): void {
    this.#messages.push(message);
    this.#wake();
  }

  async take(count: number): Promise<readonly Observed[]> {
    while (this.#messages.length < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#messages.splice(0, count);
  }
}
