import { MqttConfigurationError, encodePacket, optionFault, showValue } from "@anax/protocol";
import type { Packet, RulesFor, SubscriptionRequest } from "@anax/protocol";
import { property, QOS, reasonCodeOf, TOPIC_FILTER } from "../checking/packet-rules.ts";
import type { ValueRule } from "../checking/packet-rules.ts";
import { identityFault } from "../checking/identity-rules.ts";
import { checked } from "../checking/rules.ts";
import type {
  PreparingSession,
  RestoredSubscription,
  ValidatingConnection,
} from "../core/hooks/connection-events.ts";
import type { HookArguments } from "../core/hooks/hooks.ts";
import type { InterceptingPacket } from "../core/hooks/packet-events.ts";
import type { InterceptingPublish, PublishResponse } from "../core/hooks/publish-events.ts";
import type {
  InterceptingSubscription,
  InterceptingUnsubscription,
  SubscriptionResponse,
} from "../core/hooks/subscription-events.ts";
import type { LoadingRetainedMessage } from "../core/hooks/retained-events.ts";
import type { ApplicationMessage } from "../core/message/application-message.ts";
import { ShownPublish } from "../core/runs/intercepting-run.ts";
import { asError } from "../errors.ts";
import type { ServerEventName } from "../events.ts";
import { answeredMessage, checkedMessage } from "../injected-message.ts";
import { dropWrongFields, kindOf, requireFields, requireFlags } from "./answer-check.ts";
import type { AnswerCheck, AnswerRules } from "./answer-check.ts";

const PUBLISH_RESPONSE: RulesFor<PublishResponse> = {
  reasonCode: reasonCodeOf("puback"),
  reasonString: property("puback", "reasonString"),
  userProperties: property("puback", "userProperties"),
};

/** Of a handler that ends the connection: DISCONNECT carries what is an error. */
const CLOSING_RESPONSE: RulesFor<PublishResponse> = {
  ...PUBLISH_RESPONSE,
  reasonCode: either(reasonCodeOf("disconnect"), belowErrors),
};

function belowErrors(value: unknown): string | undefined {
  return value === 0 || value === 0x10 ? undefined : "is an error";
}

/** Either of two rules; the fault is that of the first. */
function either(one: ValueRule, other: ValueRule): ValueRule {
  return (value) => (other(value) === undefined ? undefined : one(value));
}

const PUBLISH: AnswerCheck<InterceptingPublish> = {
  // To read the message of a run would cost what is made only for those who ask for it.
  before: (event) => (event instanceof ShownPublish ? undefined : event.applicationMessage),
  check(event, before) {
    const { processPublish, closeConnection } = event;
    const isShown = event instanceof ShownPublish;
    if (isShown && processPublish === true && closeConnection === false && event.isPlain) return;
    requireFlags(event, ["processPublish", "closeConnection"]);
    requireResponse(event, closeConnection ? CLOSING_RESPONSE : PUBLISH_RESPONSE);
    const isReplaced = isShown ? event.isReplaced : event.applicationMessage !== before;
    if (isReplaced) event.applicationMessage = replacement(event.applicationMessage);
  },
  clean(event) {
    if (typeof event.closeConnection !== "boolean") event.closeConnection = false;
    cleanResponse(event, CLOSING_RESPONSE);
  },
};

/** As in MQTTnet, no message is one that is dropped. */
function replacement(message: unknown): InterceptingPublish["applicationMessage"] {
  const isAbsent = message === undefined || message === null;
  return isAbsent ? undefined : answeredMessage("applicationMessage", message);
}

const SUBSCRIPTION_RESPONSE: RulesFor<SubscriptionResponse> = {
  reasonCode: reasonCodeOf("suback"),
  reasonString: property("suback", "reasonString"),
  userProperties: property("suback", "userProperties"),
};

const REQUEST_RULES: RulesFor<SubscriptionRequest> = {
  topicFilter: "string",
  qos: QOS,
  noLocal: "boolean",
  retainAsPublished: "boolean",
  retainHandling: new Set([0, 1, 2]),
};

const REQUEST_DEFAULTS = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;

const SUBSCRIPTION: AnswerCheck<InterceptingSubscription> = {
  before: ({ topicFilter }) => topicFilter.topicFilter,
  check(event, before) {
    requireFlags(event, ["processSubscription", "closeConnection"]);
    requireResponse(event, SUBSCRIPTION_RESPONSE, true);
    const given = checked("topicFilter", event.topicFilter, REQUEST_RULES, ["topicFilter", "qos"]);
    const { topicFilter = "", qos = 0, ...options } = given;
    if (topicFilter !== before) requireFilter(topicFilter);
    event.topicFilter = { topicFilter, qos, ...REQUEST_DEFAULTS, ...options };
  },
  clean(event) {
    if (typeof event.closeConnection !== "boolean") event.closeConnection = false;
    cleanResponse(event, SUBSCRIPTION_RESPONSE);
  },
};

/** What the client asked for is right already, by the rules of its version. */
function requireFilter(topicFilter: string): void {
  const fault = optionFault({ topicFilter }, { topicFilter: TOPIC_FILTER }, "topicFilter");
  if (fault !== undefined) throw new MqttConfigurationError(fault);
}

const UNSUBSCRIPTION_RESPONSE: RulesFor<SubscriptionResponse> = {
  ...SUBSCRIPTION_RESPONSE,
  reasonCode: reasonCodeOf("unsuback"),
};

const UNSUBSCRIPTION: AnswerCheck<InterceptingUnsubscription> = {
  check(event) {
    requireFlags(event, ["processUnsubscription", "closeConnection"]);
    requireResponse(event, UNSUBSCRIPTION_RESPONSE, true);
  },
  clean(event) {
    if (typeof event.closeConnection !== "boolean") event.closeConnection = false;
    cleanResponse(event, UNSUBSCRIPTION_RESPONSE);
  },
};

interface Answering {
  readonly response: PublishResponse | SubscriptionResponse;
}

function requireResponse(
  event: Answering,
  rules: AnswerRules<Answering["response"]>,
  needsCode = false,
): void {
  const response: unknown = event.response;
  if (typeof response !== "object" || response === null) {
    throw new MqttConfigurationError(`response must be an object, not ${kindOf(response)}`);
  }
  requireFields(event.response, rules, "response");
  if (needsCode && event.response.reasonCode === undefined)
    throw new MqttConfigurationError("response.reasonCode is missing");
}

/** The outcome of a failure is written into it afterwards. */
function cleanResponse(event: Answering, rules: AnswerRules<Answering["response"]>): void {
  const response: unknown = event.response;
  const isObject = typeof response === "object" && response !== null;
  if (isObject) dropWrongFields(event.response, rules);
  else Reflect.set(event, "response", {});
}

const BOTH = ["publish", "puback", "pubrec", "pubrel", "pubcomp", "disconnect", "auth"];
const CLIENTS_ONLY = ["connect", "subscribe", "unsubscribe", "pingreq"];
const SERVERS_ONLY = ["connack", "suback", "unsuback", "pingresp"];
const FROM_CLIENTS: ReadonlySet<unknown> = new Set([...BOTH, ...CLIENTS_ONLY]);
const FROM_SERVERS: ReadonlySet<unknown> = new Set([...BOTH, ...SERVERS_ONLY]);

function packetCheck(types: ReadonlySet<unknown>, sender: string): AnswerCheck<InterceptingPacket> {
  return {
    before: ({ packet }) => packet,
    check(event, before) {
      requireFlags(event, ["processPacket"]);
      const { packet } = event;
      if (packet === before || !event.processPacket) return;
      const given: unknown = packet;
      if (typeof given !== "object" || given === null)
        throw new MqttConfigurationError(`packet must be an object, not ${kindOf(given)}`);
      if (!types.has(packet.type)) {
        throw new MqttConfigurationError(`packet.type is none that a ${sender} sends`);
      }
      requireEncodable(packet, event);
    },
    clean() {
      // The packet is dropped, whatever it is.
    },
  };
}

function requireEncodable(packet: Packet, { protocolVersion }: InterceptingPacket): void {
  try {
    encodePacket(packet, protocolVersion);
  } catch (cause) {
    const text = `packet cannot be sent: ${asError(cause).message}`;
    throw new MqttConfigurationError(text, { cause });
  }
}

const ASSIGNED = property("connack", "assignedClientId");
const CONNACK_CODE = reasonCodeOf("connack");
/** DISCONNECT has fewer codes: a refusal that it does not have is told as Not authorized. */
const REAUTHENTICATION_CODE = either(CONNACK_CODE, reasonCodeOf("disconnect"));

const VALIDATION_RULES: AnswerRules<ValidatingConnection> = {
  userName: property("connack", "reasonString"),
  identity: identityFault,
  reasonString: property("connack", "reasonString"),
  assignedClientId: (value) => (value === "" ? "is empty" : ASSIGNED(value)),
  responseAuthenticationData: property("connack", "authenticationData"),
  responseUserProperties: property("connack", "userProperties"),
  responseInformation: property("connack", "responseInformation"),
  serverReference: property("connack", "serverReference"),
  serverKeepAliveSeconds: [0, 0xffff],
  grantedSessionExpiryIntervalSeconds: [0, 0xffff_ffff],
};

const VALIDATION: AnswerCheck<ValidatingConnection> = {
  check(event, _before, leftOut) {
    requireFlags(event, ["authenticationMethodAccepted"]);
    requireFields(event, VALIDATION_RULES);
    const { reasonCode, reauthentication } = event;
    const rule = reauthentication ? REAUTHENTICATION_CODE : CONNACK_CODE;
    const fault = optionFault({ reasonCode: reasonCode ?? "missing" }, { reasonCode: rule });
    if (fault !== undefined) throw new MqttConfigurationError(fault);
    keepOwnIdentifier(event, leftOut);
  },
  clean: (event) => dropWrongFields(event, VALIDATION_RULES),
};

/**
 * CONNACK names an identifier only to a client that sent none [MQTT-3.2.2-16]: another one would be the name of a session
 * that its client does not know of.
 */
function keepOwnIdentifier(event: ValidatingConnection, leftOut: (fault: Error) => void): void {
  const { clientId, assignedClientId } = event;
  if (clientId === "" || assignedClientId === undefined) return;
  delete event.assignedClientId;
  if (assignedClientId === clientId) return;
  const given = `assignedClientId ${showValue(assignedClientId)}`;
  leftOut(new MqttConfigurationError(`${given} is not used: the client has sent an identifier`));
}

const RESTORED_RULES: RulesFor<RestoredSubscription> = {
  topicFilter: TOPIC_FILTER,
  qos: QOS,
  noLocal: "boolean",
  retainAsPublished: "boolean",
  subscriptionIdentifier: property("subscribe", "subscriptionIdentifier"),
};

const PREPARING: AnswerCheck<PreparingSession> = {
  check(event, _before, leftOut) {
    event.subscriptions = theRight("subscriptions", event.subscriptions, leftOut, restored);
    event.messages = theRight("messages", event.messages, leftOut, answeredMessage);
  },
  clean() {
    // Nothing is restored.
  },
};

const LOADING: AnswerCheck<LoadingRetainedMessage> = {
  check(event, _before, leftOut) {
    requireFlags(event, ["isZeroExpiryNone"]);
    const { loadedRetainedMessages: given, isZeroExpiryNone } = event;
    const load = (what: string, message: unknown): ApplicationMessage =>
      loaded(what, message, isZeroExpiryNone);
    event.loadedRetainedMessages = theRight("loadedRetainedMessages", given, leftOut, load);
  },
  clean() {
    // Nothing is loaded.
  },
};

/** The error names the topic: a place in a list says little to who looks for the message. */
function loaded(what: string, given: unknown, isZeroExpiryNone: boolean): ApplicationMessage {
  const { topic, messageExpiryIntervalSeconds: expiry }: Partial<Record<string, unknown>> =
    Object(given);
  const named = typeof topic === "string" ? `${what} (${showValue(topic)})` : what;
  const isNone = isZeroExpiryNone && expiry === 0;
  const message = isNone ? { ...Object(given), messageExpiryIntervalSeconds: undefined } : given;
  return checkedMessage(named, message);
}

function restored(what: string, given: unknown): RestoredSubscription {
  const {
    topicFilter = "",
    qos = 0,
    ...options
  } = checked(what, given, RESTORED_RULES, ["topicFilter", "qos"]);
  return { topicFilter, qos, ...options };
}

/** What stands of a list: one that is wrong takes no other with it. */
function theRight<Item>(
  name: string,
  given: unknown,
  leftOut: (fault: Error) => void,
  check: (what: string, item: unknown) => Item,
): Item[] {
  if (given === undefined || given === null) return [];
  if (!Array.isArray(given))
    throw new MqttConfigurationError(`${name} must be an array, not ${kindOf(given)}`);
  return given.flatMap((item: unknown, index) => {
    try {
      return [check(`${name}[${index}]`, item)];
    } catch (error) {
      leftOut(asError(error));
      return [];
    }
  });
}

/** The check of each event whose handlers decide something. */
export const HANDLER_ANSWERS: {
  readonly [Name in ServerEventName]?: AnswerCheck<HookArguments[Name]>;
} = {
  interceptingClientEnqueue: {
    before: ({ applicationMessage }) => applicationMessage,
    check(event, before) {
      requireFlags(event, ["acceptEnqueue", "closeSenderConnection"]);
      const { applicationMessage } = event;
      if (applicationMessage === before || !event.acceptEnqueue) return;
      event.applicationMessage = answeredMessage("applicationMessage", applicationMessage);
    },
    clean(event) {
      if (typeof event.closeSenderConnection !== "boolean") event.closeSenderConnection = false;
    },
  },
  interceptingInboundPacket: packetCheck(FROM_CLIENTS, "client"),
  interceptingOutboundPacket: packetCheck(FROM_SERVERS, "server"),
  interceptingPublish: PUBLISH,
  interceptingSubscription: SUBSCRIPTION,
  interceptingUnsubscription: UNSUBSCRIPTION,
  loadingRetainedMessage: LOADING,
  preparingSession: PREPARING,
  validatingConnection: VALIDATION,
};
