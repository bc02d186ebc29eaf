/**
 * The rules of the server that scenarios with `needs.houseRules` talk to, as handlers of extension
 * events: whom it refuses and why, and a method of enhanced authentication. Whatever it refuses, it
 * gives a Reason String and a User Property for, so that scenarios can see when they are left out.
 */
import type {
  InterceptingPublish,
  InterceptingSubscription,
  InterceptingUnsubscription,
  ServerEventHandlers,
  ValidatingConnectionEvent,
} from "@anax/server";

const BAD_USER_NAME_OR_PASSWORD = 0x86;
const CLIENT_IDENTIFIER_NOT_VALID = 0x85;
const NOT_AUTHORIZED = 0x87;
const BANNED = 0x8a;
const BAD_AUTHENTICATION_METHOD = 0x8c;
const USE_ANOTHER_SERVER = 0x9c;
const SERVER_MOVED = 0x9d;

/** What comes with every refusal. */
export const EXPLANATION = {
  reasonString: "the rules of this house forbid it",
  userProperties: [["rule", "forbidden"]],
} as const;

const OTHER_SERVER = "other.example:1883";

/** The handlers of the rules. */
export const HOUSE_RULES: ServerEventHandlers = {
  validatingConnection: validate,
  interceptingPublish: applyToPublish,
  interceptingSubscription: refuseSubscription,
  interceptingUnsubscription: refuseUnsubscription,
};

async function validate(event: ValidatingConnectionEvent): Promise<void> {
  if (event.authenticationMethod !== undefined) return await challenge(event);
  if (event.requestResponseInformation) event.responseInformation = "answers/";
  const code = refusalOf(event);
  if (code === 0) return;
  event.reasonCode = code;
  event.reasonString = EXPLANATION.reasonString;
  event.responseUserProperties = EXPLANATION.userProperties;
  if (code === USE_ANOTHER_SERVER || code === SERVER_MOVED) event.serverReference = OTHER_SERVER;
}

function refusalOf({ userName, clientId }: ValidatingConnectionEvent): number {
  if (clientId.includes("forbidden")) return CLIENT_IDENTIFIER_NOT_VALID;
  if (userName === "forbidden") return BAD_USER_NAME_OR_PASSWORD;
  if (userName === "banned") return BANNED;
  if (userName === "elsewhere") return USE_ANOTHER_SERVER;
  if (userName === "moved") return SERVER_MOVED;
  return 0;
}

/** The method "challenge": a question, to which the word "answer" is the right answer. */
async function challenge(event: ValidatingConnectionEvent): Promise<void> {
  if (event.authenticationMethod !== "challenge") {
    event.reasonCode = BAD_AUTHENTICATION_METHOD;
    return;
  }
  const question = new TextEncoder().encode("question");
  const reply = await event.exchangeEnhancedAuthentication({
    authenticationData: question,
    ...EXPLANATION,
  });
  const answer = new TextDecoder().decode(reply.properties?.authenticationData);
  if (answer === "answer") event.responseAuthenticationData = new TextEncoder().encode("welcome");
  else event.reasonCode = NOT_AUTHORIZED;
}

function applyToPublish(event: InterceptingPublish): void {
  const { applicationMessage } = event;
  if (!applicationMessage) return;
  const { topic } = applicationMessage;
  if (topic.endsWith("trouble")) throw new Error("the house is in trouble");
  if (topic.endsWith("old-name")) {
    const renamed = topic.replace("old-name", "new-name");
    event.applicationMessage = { ...applicationMessage, topic: renamed };
  }
  if (!topic.includes("forbidden")) return;
  event.processPublish = false;
  Object.assign(event.response, { reasonCode: NOT_AUTHORIZED, ...EXPLANATION });
}

function refuseSubscription(event: InterceptingSubscription): void {
  if (!event.topicFilter.topicFilter.includes("forbidden")) return;
  event.processSubscription = false;
  Object.assign(event.response, { reasonCode: NOT_AUTHORIZED, ...EXPLANATION });
}

function refuseUnsubscription(event: InterceptingUnsubscription): void {
  if (!event.topic.includes("forbidden")) return;
  event.processUnsubscription = false;
  Object.assign(event.response, { reasonCode: NOT_AUTHORIZED, ...EXPLANATION });
}
