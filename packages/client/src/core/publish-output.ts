/** Puts PUBLISH packets into the output, with Topic Aliases when the server takes them. */
import { OutgoingTopicAliases } from "@anax/protocol";
import type { PublishPacket, PublishProperties } from "@anax/protocol";
import type { Output } from "./output.ts";
import type { PublishRequest } from "./requests.ts";

/** The PUBLISH packets of one Network Connection. */
export class PublishOutput {
  readonly #output: Output;
  #aliases: OutgoingTopicAliases;

  /** @param topicAliasMaximum how many aliases to use [MQTT-3.2.2-17] [MQTT-3.2.2-18] */
  constructor(output: Output, topicAliasMaximum: number) {
    this.#output = output;
    this.#aliases = new OutgoingTopicAliases(topicAliasMaximum);
  }

  /**
   * Appends the packet; false when it is larger than the server takes.
   * @throws TypeError or RangeError when a field cannot be encoded
   */
  send(request: PublishRequest): boolean {
    if (request.properties?.topicAlias !== undefined) return this.#sendOwnAlias(request);
    const alias = this.#aliases.choose(request.topic);
    return alias === 0 ? this.#output.send(request) : this.#sendAlias(request, alias);
  }

  /** Two sources of aliases would overwrite each other's, so the caller's alone is left. */
  #sendOwnAlias(request: PublishRequest): boolean {
    this.#aliases = new OutgoingTopicAliases(0);
    if (!request.duplicate) return this.#output.send(request);
    // An alias means nothing on another connection than the one it was made for.
    return this.#output.send(packetOf(request, request.topic, undefined));
  }

  #sendAlias(request: PublishRequest, alias: number): boolean {
    const topic = this.#aliases.topicNeeded ? request.topic : "";
    let isSent = false;
    try {
      isSent = this.#output.send(packetOf(request, topic, alias));
    } finally {
      if (!isSent) this.#aliases.unsent(alias);
    }
    return isSent;
  }
}

function packetOf(
  request: PublishRequest,
  topic: string,
  topicAlias: number | undefined,
): PublishPacket {
  const { payload, qos, retain, duplicate, packetIdentifier } = request;
  const { topicAlias: _, ...others } = request.properties ?? {};
  const properties: PublishProperties =
    topicAlias === undefined ? others : { ...others, topicAlias };
  const packet = { type: "publish", topic, payload, qos, retain, duplicate, properties } as const;
  return qos === 0 ? packet : { ...packet, packetIdentifier };
}
