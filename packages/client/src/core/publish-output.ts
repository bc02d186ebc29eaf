/** Puts PUBLISH packets into the output, with Topic Aliases when the server takes them. */
import type { PublishPacket, PublishProperties } from "@anax/protocol";
import type { Output } from "./output.ts";
import type { PublishRequest } from "./requests.ts";
import { TopicAliasChoice } from "./topic-alias-choice.ts";
import { withoutUndefined } from "./without-undefined.ts";

/** The PUBLISH packets of one Network Connection. */
export class PublishOutput {
  readonly #output: Output;
  #aliases: TopicAliasChoice;

  /** @param topicAliasMaximum how many aliases to use [MQTT-3.2.2-17] [MQTT-3.2.2-18] */
  constructor(output: Output, topicAliasMaximum: number) {
    this.#output = output;
    this.#aliases = new TopicAliasChoice(topicAliasMaximum);
  }

  /**
   * Appends the packet; false when it is larger than the server takes.
   * @throws MqttConfigurationError when a field cannot be encoded, such as an empty topic without an alias
   */
  send(request: PublishRequest): boolean {
    if (request.properties?.topicAlias !== undefined) return this.#sendOwnAlias(request);
    const { topic } = request;
    const known = this.#aliases.known(topic);
    // An empty topic stands for an alias that the caller set; without one the codec refuses it.
    const alias = topic === "" ? 0 : (known ?? this.#aliases.free());
    const isAgreed = alias === known;
    if (alias === 0) return this.#output.sendPlain(request, 0) || this.#output.send(request);
    const isSent =
      (isAgreed && this.#output.sendPlain(request, alias)) ||
      this.#output.send(packetOf(request, isAgreed ? "" : topic, alias));
    if (isSent) this.#aliases.used(topic, alias);
    return isSent;
  }

  /** Two sources of aliases would overwrite each other's, so the caller's alone is left. */
  #sendOwnAlias(request: PublishRequest): boolean {
    this.#aliases = new TopicAliasChoice(0);
    if (!request.duplicate) return this.#output.send(request);
    // An alias means nothing on another connection than the one it was made for.
    return this.#output.send(packetOf(request, request.topic, undefined));
  }
}

function packetOf(
  request: PublishPacket,
  topic: string,
  topicAlias: number | undefined,
): PublishPacket {
  const properties: PublishProperties = withoutUndefined({ ...request.properties, topicAlias });
  return { ...request, topic, properties };
}
