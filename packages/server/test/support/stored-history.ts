import type { PublishPacket, Will } from "@anax/protocol";
import {
  acknowledgement,
  lasting,
  publishPacket,
  subscribe,
  subscribePacket,
} from "./core-harness.ts";
import { DurableServer } from "./durable-server.ts";
import type { ScriptedPeer } from "./scripted-peer.ts";

/** Sessions without anything in them: more than two commits of a checkpoint take, so that a crash can come between. */
const FILLERS = 600;

const PROPERTIES = {
  payloadFormatIndicator: 1,
  contentType: "text/plain; käfer",
  responseTopic: "answers/🪲",
  correlationData: new Uint8Array([0, 255, 128]),
  userProperties: [
    ["name", "one"],
    ["name", "two"],
    ["", ""],
  ],
} as const;

/**
 * A life that leaves behind everything that a server stores: as rows of a finished checkpoint, as rows of one that was
 * cut short, and as records of the journal since. What is left is written by `write-stored-format` and read for ever
 * by `stored-formats.test.ts`, so this never changes for a format that was published.
 */
export class StoredHistory {
  readonly #server: DurableServer = new DurableServer(
    { queueMessagesMax: 5, anonymousSessionExpiryMaxSeconds: 0xffff_ffff },
    // What formats before 5 do not have: parts with rows of their own.
    { rowLimits: { subscriptions: 1, queued: 1, queuedInPart: 2 } },
    // Users are authenticated, so their sessions are their own.
    { validatingConnection: () => undefined },
  );
  #identifier = 0;

  /** What a crash at its end leaves in the store. */
  run(): DurableServer["medium"] {
    this.#live("row");
    this.#server.checkpoint();
    this.#live("record");
    this.#fill();
    this.#live("slice");
    const goOn = this.#reconnect("slice");
    // The newest sessions get their rows with the first commit of a checkpoint; the crash comes before it is complete.
    this.#server.isCommitting = false;
    this.#harness.core.checkpoint();
    this.#commitOnce();
    goOn();
    this.#commitOnce();
    return this.#server.medium;
  }

  #fill(): void {
    this.#server.isCommitting = false;
    for (let number = 0; number < FILLERS; number += 1)
      this.#harness.connecting(`f${number}`, lasting());
    this.#server.isCommitting = true;
    this.#server.commit();
  }

  #commitOnce(): void {
    const commit = this.#server.take();
    if (commit === undefined) throw new Error("there is nothing to commit");
    this.#server.finish(commit);
  }

  get #harness(): DurableServer["harness"] {
    return this.#server.harness;
  }

  /** Sessions and messages of every kind, their names beginning with `part`. */
  #live(part: string): void {
    this.#subscriptions(part);
    this.#queue(part);
    this.#outgoing(part);
    this.#incoming(part);
    this.#retained(part);
    this.#wills(part);
    this.#ends(part);
  }

  /** Clients that come back; what the result does, each of them adds to what its row says. */
  #reconnect(part: string): () => void {
    this.#harness.advance(1_000);
    const outgoing = this.#harness.connect(`${part}-outgoing`, {
      ...lasting(),
      userName: "ursula",
    });
    const incoming = this.#harness.connect(`${part}-incoming`, {
      ...lasting(),
      protocolVersion: 4,
    });
    const subscriptions = this.#harness.connect(`${part}-subscriptions`, lasting(77));
    const ended = this.#harness.connect(`${part}-calm`, lasting());
    const renewed = this.#harness.connect(`${part}-renewed`, lasting());
    return () => {
      outgoing.send(acknowledgement("puback", 1), acknowledgement("pubrec", 3));
      outgoing.cut();
      incoming.send(acknowledgement("pubrel", 1));
      incoming.send(publishPacket("nowhere", "", { qos: 2, packetIdentifier: 7 }));
      incoming.cut();
      const topicFilters = [`${part}/plain`];
      subscriptions.send({ type: "unsubscribe", packetIdentifier: 9, topicFilters });
      subscriptions.cut();
      renewed.send(subscribePacket({ topicFilter: `${part}/new`, qos: 1 }));
      renewed.cut();
      const properties = { sessionExpiryIntervalSeconds: 0 };
      ended.send({ type: "disconnect", reasonCode: 0, properties });
      this.#publish(`${part}/queue/late`, "late", { qos: 1 });
      this.#publish(`${part}/retained/plain`, "", { retain: true, qos: 1 });
    };
  }

  #subscriptions(part: string): void {
    const peer = this.#harness.connect(`${part}-subscriptions`, lasting(86_400));
    subscribe(
      peer,
      { topicFilter: `${part}/plain`, qos: 0 },
      { topicFilter: `${part}/gone`, qos: 1 },
    );
    peer.send({
      ...subscribePacket(
        {
          topicFilter: `${part}/+/options/#`,
          qos: 2,
          noLocal: true,
          retainAsPublished: true,
          retainHandling: 2,
        },
        { topicFilter: `$share/käfer/${part}/shared`, qos: 1 },
      ),
      properties: { subscriptionIdentifier: 268_435_455 },
    });
    peer.send({ type: "unsubscribe", packetIdentifier: 3, topicFilters: [`${part}/gone`] });
    peer.cut();
  }

  /** A queue that was full once, of a client that is away, and has something that expired since. */
  #queue(part: string): void {
    const peer = this.#harness.connect(`${part}-queue`, lasting(0xffff_ffff));
    subscribe(peer, { topicFilter: `$share/g/${part}/queue/shared`, qos: 2 });
    peer.send({
      ...subscribePacket({ topicFilter: `${part}/queue/+`, qos: 2 }),
      properties: { subscriptionIdentifier: 3 },
    });
    peer.cut();
    this.#publish(`${part}/queue/dropped`, "dropped", { qos: 1 });
    this.#publish(`${part}/queue/short`, "short", {
      qos: 1,
      properties: { messageExpiryIntervalSeconds: 5 },
    });
    this.#publish(`${part}/queue/all`, "all", {
      qos: 2,
      properties: { ...PROPERTIES, messageExpiryIntervalSeconds: 1_000 },
    });
    this.#publish(`${part}/queue/qos0`, "not kept", { qos: 0 });
    // A client that is done with a message that the other one is still owed.
    const done = this.#harness.connect(`${part}-done`, lasting());
    subscribe(done, { topicFilter: `${part}/queue/shared`, qos: 1 });
    this.#outlive(part, () => this.#publish(`${part}/queue/shared`, "x".repeat(300), { qos: 1 }));
    done.send(acknowledgement("puback", 1));
    done.cut();
    this.#publish(`${part}/queue/last`, "", { qos: 1 });
  }

  /**
   * Has a session and a retained message begin in the same batch as `work`. Both end, but their batch stays as long as
   * anything else of it is needed.
   */
  #outlive(part: string, work: () => void): void {
    this.#server.isCommitting = false;
    const ghost = this.#harness.connecting(`${part}-ghost`, lasting());
    this.#publish(`${part}/retained/ghost`, "ghost", { qos: 1, retain: true });
    work();
    this.#server.isCommitting = true;
    this.#server.commit();
    this.#publish(`${part}/retained/ghost`, "", { qos: 1, retain: true });
    const properties = { sessionExpiryIntervalSeconds: 0 };
    ghost.send({ type: "disconnect", reasonCode: 0, properties });
  }

  /** Exchanges towards a client, one in each state, and a queue behind them. */
  #outgoing(part: string): void {
    const limits = { ...lasting(), userName: "ursula" };
    const properties = { ...limits.properties, receiveMaximum: 4 };
    const peer = this.#harness.connect(`${part}-outgoing`, { ...limits, properties });
    subscribe(peer, `${part}/outgoing/#`);
    this.#publish(`${part}/outgoing/puback`, "1", { qos: 1, properties: PROPERTIES });
    this.#publish(`${part}/outgoing/done`, "2", { qos: 1 });
    this.#publish(`${part}/outgoing/pubrec`, "3", { qos: 2 });
    this.#publish(`${part}/outgoing/pubcomp`, "4", { qos: 2 });
    this.#publish(`${part}/outgoing/sent`, "5", { qos: 1, properties: { ...PROPERTIES } });
    this.#publish(`${part}/outgoing/queued`, "6", { qos: 2 });
    peer.send(acknowledgement("puback", 2), acknowledgement("pubrec", 4));
    peer.cut();
  }

  /** QoS 2 identifiers of a client: three seen, one of them released. */
  #incoming(part: string): void {
    const peer = this.#harness.connect(`${part}-incoming`, { ...lasting(), protocolVersion: 4 });
    for (const packetIdentifier of [1, 2, 65_535]) {
      peer.send(publishPacket(`${part}/incoming`, "seen", { qos: 2, packetIdentifier }));
    }
    peer.send(acknowledgement("pubrel", 2));
    peer.cut();
  }

  #retained(part: string): void {
    const keep = { retain: true, qos: 1 } as const;
    this.#publish(`${part}/retained/plain`, "replaced", keep);
    this.#publish(`${part}/retained/plain`, "plain", { retain: true, qos: 0 });
    this.#publish(`${part}/retained/cleared`, "cleared", keep);
    this.#publish(`${part}/retained/cleared`, "", keep);
    this.#publish(`${part}/retained/all`, "all", {
      retain: true,
      qos: 2,
      properties: { ...PROPERTIES, messageExpiryIntervalSeconds: 1_000 },
    });
    this.#publish(`${part}/retained/short`, "short", {
      ...keep,
      properties: { messageExpiryIntervalSeconds: 5 },
    });
  }

  /** One Will is armed, one waits for its delay, one was withdrawn. */
  #wills(part: string): void {
    this.#harness.connect(`${part}-armed`, {
      ...lasting(100),
      will: {
        ...this.#will(`${part}/will/armed`, 20),
        properties: {
          ...PROPERTIES,
          messageExpiryIntervalSeconds: 500,
          willDelayIntervalSeconds: 20,
        },
      },
    });
    const fields = { ...lasting(100), will: this.#will(`${part}/will/delayed`, 60) };
    this.#harness.connect(`${part}-delayed`, fields).cut();
    const calm = this.#harness.connect(`${part}-calm`, { ...fields, will: this.#will("calm", 9) });
    calm.send({ type: "disconnect", reasonCode: 0 });
  }

  #will(topic: string, willDelayIntervalSeconds: number): Will {
    const payload = new TextEncoder().encode("gone");
    return { topic, payload, qos: 2, retain: true, properties: { willDelayIntervalSeconds } };
  }

  /** Sessions that are no more: by a DISCONNECT, and by Clean Start, which leaves a new one without subscriptions. */
  #ends(part: string): void {
    const ended = this.#harness.connect(`${part}-ended`, lasting());
    subscribe(ended, `${part}/queue/+`);
    ended.send({
      type: "disconnect",
      reasonCode: 0,
      properties: { sessionExpiryIntervalSeconds: 0 },
    });
    const renewed = this.#harness.connect(`${part}-renewed`, lasting());
    subscribe(renewed, `${part}/plain`);
    renewed.cut();
    this.#harness.connect(`${part}-renewed`, { ...lasting(), cleanStart: true }).cut();
  }

  #publish(topic: string, text: string, fields: Partial<PublishPacket>): void {
    const publisher: ScriptedPeer = this.#harness.connect("publisher");
    this.#identifier += 1;
    const identifier = fields.qos === 0 ? {} : { packetIdentifier: this.#identifier };
    publisher.send(publishPacket(topic, text, { ...fields, ...identifier }));
    if (fields.qos === 2) publisher.send(acknowledgement("pubrel", this.#identifier));
    publisher.cut();
  }
}
