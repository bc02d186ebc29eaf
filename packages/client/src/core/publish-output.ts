/** Puts PUBLISH packets into the output, with Topic Aliases when the server takes them. */
import type { PublishPacket, PublishProperties } from "@anax/protocol";
import type { Output } from "./output.ts";
import type { PublishRequest } from "./requests.ts";
import { TopicAliasChoice } from "./topic-alias-choice.ts";
import { withoutUndefined } from "./without-undefined.ts";

/** The PUBLISH packets of one Network Connection. */
export class PublishOutput {
  readonly #output: Output;
  readonly #topicAliasMaximum: number;
  #aliases: TopicAliasChoice;
  /** Topics of the caller's aliases, as far as this server knows them. */
  readonly #callersTopics: Map<number, string> = new Map();

  /**
   * @param topicAliasMaximum how many aliases the server takes [MQTT-3.2.2-17] [MQTT-3.2.2-18]
   * @param topicAliasesMax how many to use of our own accord
   */
  constructor(output: Output, topicAliasMaximum: number, topicAliasesMax: number) {
    this.#output = output;
    this.#topicAliasMaximum = topicAliasMaximum;
    this.#aliases = new TopicAliasChoice(Math.min(topicAliasMaximum, topicAliasesMax));
  }

  /**
   * Appends the packet; false when it is larger than the server takes.
   * @throws MqttConfigurationError when a field cannot be encoded, such as an empty topic
   */
  send(request: PublishRequest): boolean {
    const callersAlias = request.properties?.topicAlias;
    if (callersAlias !== undefined) return this.#sendCallersAlias(request, callersAlias);
    const { topic } = request;
    const known = this.#aliases.known(topic);
    // The codec refuses an empty topic, but not if there is an alias.
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
  #sendCallersAlias(request: PublishRequest, alias: number): boolean {
    this.#aliases = new TopicAliasChoice(0);
    const { topic, duplicate } = request;
    // What is repeated, or was published for another server, goes without.
    if (duplicate || alias > this.#topicAliasMaximum) {
      return this.#output.send(packetOf(request, topic, undefined));
    }
    const isAgreed = this.#callersTopics.get(alias) === topic;
    const isSent = this.#output.send(packetOf(request, isAgreed ? "" : topic, alias));
    if (isSent) this.#callersTopics.set(alias, topic);
    return isSent;
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
