import { isTopicFilterIn, isTopicName } from "@anax/protocol";
import type { QoS } from "@anax/protocol";
import type { AccessExplanation, AccessExplanationRequest, AccessRule } from "@anax/server";
import { UsageError } from "../errors.ts";

/** Who wants to do something, and what, as somebody writes it down. */
export interface AskedAccess {
  readonly user?: string | undefined;
  readonly client?: string | undefined;
  readonly group?: readonly string[] | undefined;
  readonly address?: string | undefined;
  readonly listener?: string | undefined;
  readonly claims?: Readonly<Record<string, unknown>> | undefined;
  readonly qos?: QoS | undefined;
  readonly retain?: boolean | undefined;
}

export type AccessVerb = AccessExplanationRequest["action"];

/** What the rules are to be asked. @throws UsageError for what is no topic, or no filter */
export function requestOf(
  { user, client, group, address, listener, claims, qos, retain }: AskedAccess,
  action: AccessVerb,
  topic: string,
): AccessExplanationRequest {
  const isFine = action === "subscribe" ? isTopicFilterIn(5, topic) : isTopicName(topic);
  const what = action === "subscribe" ? "Topic Filter" : "Topic Name";
  if (!isFine) throw new UsageError(`${JSON.stringify(topic)} is no ${what}`);
  return {
    action,
    topic,
    qos,
    retain,
    client: {
      ...(user !== undefined && { userName: user }),
      ...(client !== undefined && { clientId: client }),
      ...(group !== undefined && { groups: group }),
      ...(address !== undefined && { address }),
      ...(listener !== undefined && { listener }),
      ...(claims !== undefined && { claims }),
    },
  };
}

/** The decision and the rule, in a line or two. */
export function explanationText(
  action: AccessVerb,
  topic: string,
  { isAllowed, isNarrowed, rule, reason }: AccessExplanation,
): string {
  const granted = isNarrowed ? "allowed in part" : "allowed";
  const head = `${isAllowed ? granted : "denied"}: ${action} ${topic}\n`;
  return rule === undefined
    ? `${head}  ${reason}\n`
    : `${head}  ${rule.source ?? "a rule"}: ${ruleText(rule)}\n  ${reason}\n`;
}

function ruleText(rule: AccessRule): string {
  const { allow, deny, topics, source: _source, literal: _literal, ...conditions } = rule;
  const about = Object.entries(conditions)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${String(value)}`);
  const verb = allow === undefined ? `deny ${deny}` : `allow ${allow}`;
  return `${verb} ${[topics].flat().join(", ")}${about.join("")}`;
}
