/** Every server scenario, in the order of the standard. */
import type { Scenario } from "../scenario.ts";
import { ACKNOWLEDGEMENT_SCENARIOS } from "./acknowledgements.ts";
import { CAPABILITY_SCENARIOS } from "./capabilities.ts";
import { CONNECT_FORMAT_SCENARIOS } from "./connect-format.ts";
import { DISCONNECTING_SCENARIOS } from "./disconnecting.ts";
import { ENHANCED_AUTHENTICATION_SCENARIOS } from "./enhanced-authentication.ts";
import { FIXED_HEADER_SCENARIOS } from "./fixed-header.ts";
import { FLOW_CONTROL_SCENARIOS } from "./flow-control.ts";
import { KEEP_ALIVE_SCENARIOS } from "./keep-alive.ts";
import { MESSAGE_EXPIRY_SCENARIOS } from "./message-expiry.ts";
import { PACKET_SIZE_SCENARIOS } from "./packet-size.ts";
import { PROPERTY_SCENARIOS } from "./properties.ts";
import { PUBLISHING_SCENARIOS } from "./publishing.ts";
import { REFUSAL_SCENARIOS } from "./refusals.ts";
import { RETAINED_SCENARIOS } from "./retained.ts";
import { SESSION_SCENARIOS } from "./sessions.ts";
import { SHARED_SUBSCRIPTION_SCENARIOS } from "./shared-subscriptions.ts";
import { SUBSCRIBING_SCENARIOS } from "./subscribing.ts";
import { SUBSCRIPTION_IDENTIFIER_SCENARIOS } from "./subscription-identifiers.ts";
import { TOPIC_ALIAS_SCENARIOS } from "./topic-aliases.ts";
import { TOPIC_SCENARIOS } from "./topics.ts";
import { UNSUBSCRIBING_SCENARIOS } from "./unsubscribing.ts";
import { UTF8_STRING_SCENARIOS } from "./utf8-strings.ts";
import { WEBSOCKET_SCENARIOS } from "./websockets.ts";
import { WILL_SCENARIOS } from "./wills.ts";

export const SCENARIOS: readonly Scenario[] = [
  ...UTF8_STRING_SCENARIOS,
  ...FIXED_HEADER_SCENARIOS,
  ...PROPERTY_SCENARIOS,
  ...CONNECT_FORMAT_SCENARIOS,
  ...SESSION_SCENARIOS,
  ...WILL_SCENARIOS,
  ...KEEP_ALIVE_SCENARIOS,
  ...CAPABILITY_SCENARIOS,
  ...PUBLISHING_SCENARIOS,
  ...TOPIC_ALIAS_SCENARIOS,
  ...MESSAGE_EXPIRY_SCENARIOS,
  ...RETAINED_SCENARIOS,
  ...ACKNOWLEDGEMENT_SCENARIOS,
  ...SUBSCRIBING_SCENARIOS,
  ...SUBSCRIPTION_IDENTIFIER_SCENARIOS,
  ...UNSUBSCRIBING_SCENARIOS,
  ...DISCONNECTING_SCENARIOS,
  ...TOPIC_SCENARIOS,
  ...SHARED_SUBSCRIPTION_SCENARIOS,
  ...FLOW_CONTROL_SCENARIOS,
  ...PACKET_SIZE_SCENARIOS,
  ...REFUSAL_SCENARIOS,
  ...ENHANCED_AUTHENTICATION_SCENARIOS,
  ...WEBSOCKET_SCENARIOS,
];
