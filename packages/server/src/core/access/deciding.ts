import { topicMatchesFilter } from "@anax/protocol";
import type { AccessContext } from "./access-context.ts";
import type { DeniedAccess } from "../owed/delivery-notices.ts";
import { settled } from "../pending.ts";
import type { Task } from "../pending.ts";
import type { Message } from "../message/message.ts";
import type { Refusal } from "../message/published.ts";
import { PUBLISH_DENIED, SUBSCRIBE_ALLOWED, SUBSCRIBE_DENIED } from "./authorizer.ts";
import type {
  AccessClient,
  PublishPermission,
  SubscribePermission,
  SubscribeQuestion,
} from "./authorizer.ts";
import type { ClientAccess } from "./client-access.ts";

const NOT_AUTHORIZED = 0x87;

/** What of a message it depends on whether it may be published. */
type Published = Pick<Message, "topic" | "qos" | "retain">;

/** Why a message may not be published, now or as a Will; undefined if it may. A refusal is counted and logged. */
export function* refusalToPublish(
  core: AccessContext,
  access: ClientAccess,
  { topic, qos, retain }: Published,
): Task<Refusal | undefined> {
  const permission = access.knownOf(core, topic) ?? (yield* askToPublish(core, access, topic));
  const reasonString = faultOf(permission, { topic, qos, retain });
  if (reasonString === undefined) return undefined;
  noteDenied(core, "publish", access.client, topic);
  return { reasonCode: NOT_AUTHORIZED, reasonString };
}

function faultOf(
  { isAllowed, maximumQos, mayRetain }: Omit<PublishPermission, "topicFilter">,
  { topic, qos, retain }: Published,
): string | undefined {
  if (!isAllowed) return `not allowed to publish to "${topic}"`;
  if (qos > maximumQos) return `not allowed to publish to "${topic}" with QoS ${qos}`;
  return retain && !mayRetain ? `not allowed to retain messages of "${topic}"` : undefined;
}

function* askToPublish(
  core: AccessContext,
  access: ClientAccess,
  topic: string,
): Task<PublishPermission> {
  const epoch = core.accessEpoch;
  const question = { client: access.client, topic, permission: PUBLISH_DENIED };
  yield* settled(core.authorizer?.publish(question));
  access.remember(core, topic, question.permission, epoch);
  return question.permission;
}

/** What a client may subscribe to of a filter. */
export function* permissionToSubscribe(
  core: AccessContext,
  access: ClientAccess | undefined,
  topicFilter: string,
  isShared: boolean,
): Task<SubscribePermission> {
  if (access === undefined) return SUBSCRIBE_ALLOWED;
  const { client } = access;
  let epoch: number;
  let question: SubscribeQuestion;
  do {
    epoch = core.accessEpoch;
    question = { client, topicFilter, isShared, permission: SUBSCRIBE_DENIED };
    yield* settled(core.authorizer?.subscribe(question));
  } while (core.accessEpoch !== epoch);
  return question.permission;
}

/** What of a session is about what it may receive. */
interface Receiving {
  readonly access: ClientAccess | undefined;
  readonly subscriptions: {
    values(): Iterable<{ readonly isNarrowed: boolean; readonly topicFilter: string }>;
  };
}

/** Whether a session may get a message of this topic: by a subscription that is allowed as a whole, or since the rules allow the topic. */
export function mayReceive(core: AccessContext, session: Receiving, topic: string): boolean {
  const { access } = session;
  if (access === undefined) return true;
  for (const { isNarrowed, topicFilter } of session.subscriptions.values())
    if (!isNarrowed && topicMatchesFilter(topic, topicFilter)) return true;
  return access.receives(core, topic);
}

const COUNTERS = {
  publish: "publishesDenied",
  subscribe: "subscriptionsDenied",
  receive: "deliveriesDenied",
  "keep subscription": "subscriptionsRevoked",
} as const;

/** Who may not do something: as it was judged, or of what it is known of it. */
type Denied = AccessClient | Pick<AccessClient, "clientId" | "userName" | "address">;

/** Counts and logs what a client may not do. */
export function noteDenied(
  core: AccessContext,
  action: DeniedAccess["action"],
  client: Denied,
  topic: string,
): void {
  const { clientId, userName } = client;
  core.statistics[COUNTERS[action]] += 1;
  core.notices?.denied({ action, clientId, userName, topic });
  if (!core.tracing.isOn) return;
  const { address } = client;
  const judged = "listener" in client ? client : undefined;
  core.tracing.tell({ type: "denied", action, clientId, userName, address, topic, judged });
}
