import { firstByteOf, topicEndOf } from "../message/publish-layout.ts";
import type { Connection } from "../connection/connection.ts";
import type { RunsContext } from "./runs-context.ts";
import type { Session } from "../sessions/session.ts";
import { routeOf } from "./scanning.ts";
import { retainedOwner } from "../retained/retained-owner.ts";
import type { RetainedOwner } from "../rates/kept-limits.ts";
import { storePlain } from "../retained/retaining.ts";

/** PUBLISH of QoS 0 with RETAIN. */
const FIRST_BYTE = firstByteOf(0, true);

/**
 * Hot path: retains the message of a PUBLISH straight from where it was read, where nobody else gets it or is asked about it. A
 * million topics come like this, one message each: as objects they would be three arrays each, of which the collector knows
 * no better than to count their bytes and run. False, and nothing done, for whatever else there is to a message: the general path takes
 * that, and must come to the same result.
 */
export function retainPlain(core: RunsContext, connection: Connection, session: Session): boolean {
  const { firstByte, bytes, bodyStart, end } = connection.framer;
  if (firstByte !== FIRST_BYTE || !mayRetainPlain(core)) return false;
  const topicAt = bodyStart + 2;
  const topicEnd = topicEndOf(bytes, bodyStart);
  const isVersion5 = connection.version === 5;
  const payloadAt = isVersion5 ? topicEnd + 1 : topicEnd;
  // Without a payload it removes a message [MQTT-3.3.1-6].
  if (payloadAt >= end || (isVersion5 && bytes[topicEnd] !== 0)) return false;
  const route = routeOf(core, connection, bytes, topicAt, topicEnd, true);
  if (route === undefined || route.recipients.length > 0 || route.groups.length > 0) return false;
  const { clientId } = session;
  const message = { clientId, qos: 0, bytes, topicAt, topicEnd, payloadAt, end } as const;
  return storePlain(core, message, ownerOf(core, connection));
}

function ownerOf(core: RunsContext, connection: Connection): RetainedOwner | undefined {
  return (connection.retainedOwner ??= retainedOwner(core, connection));
}

/** No handler asks for the message, and nothing is written down. */
function mayRetainPlain({ shortCuts, journal }: RunsContext): boolean {
  return shortCuts.plainRetaining && journal === undefined;
}
