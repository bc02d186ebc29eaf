import type { Connection } from "../connection/connection.ts";
import type { RunsContext } from "./runs-context.ts";
import { Claim, recordReceived } from "../publishing/claim.ts";
import { contentDigest } from "../message/content-digest.ts";
import type { Session } from "../sessions/session.ts";
import type { PublishRun } from "../message/publish-run.ts";

/** Hot path: the Topic Alias that the run sets stands for its topic from now on, whatever becomes of the messages. */
export function claimAlias(connection: Connection, run: PublishRun): void {
  if (run.alias === 0) return;
  const topic = run.topicBytes(0);
  connection.aliases?.take(run.alias, topic, 0, topic.length);
}

/** Hot path: the identifiers of QoS 2 are received, in the step that records the messages [MQTT-4.3.3-10]. */
export function recordIdentifiers(
  core: RunsContext,
  connection: Connection,
  session: Session,
  run: PublishRun,
): void {
  if (run.qos !== 2) return;
  const { bytes } = run;
  let ofTopic = 0;
  for (let index = 0; index < run.count; index += 1) {
    if (index === 0 || !run.isOneTopic) ofTopic = run.topicDigest(index);
    const content = contentDigest(ofTopic, bytes, run.payloadStart(index), run.endOf(index));
    recordReceived(core, connection, session, run.identifier(index), content);
  }
}

/** What a message claims that is taken out of the run. */
export function claimOf(
  connection: Connection,
  session: Session,
  run: PublishRun,
  index: number,
): Claim {
  const { qos } = run;
  if (qos === 0) return new Claim(connection, session, { qos });
  const packetIdentifier = run.identifier(index);
  if (qos === 1) return new Claim(connection, session, { qos, packetIdentifier });
  const { bytes } = run;
  const ofTopic = run.topicDigest(index);
  const content = contentDigest(ofTopic, bytes, run.payloadStart(index), run.endOf(index));
  return new Claim(connection, session, { qos, packetIdentifier, content });
}
