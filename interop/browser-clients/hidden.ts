/** A page on our own client that keeps its connection as long as it can. */
import { MqttClient } from "@anax/client";

/** What the page offers to a test. */
export interface HiddenPage {
  connect(url: string, clientId: string, keepAliveSeconds: number): Promise<void>;
  /** Why connections ended, in the order of their ends. */
  readonly ends: string[];
}

const ends: string[] = [];

const hiddenPage: HiddenPage = {
  ends,
  connect: async (url, clientId, keepAliveSeconds) => {
    const client = new MqttClient(url, { clientId, keepAliveSeconds });
    client.on("disconnected", ({ error }) => ends.push(error?.message ?? "left"));
    await client.connect();
  },
};

Object.assign(globalThis, { hiddenPage });
