import { consoleLogger, jsonLinesLogger } from "@anax/server";
import type { Logger, MqttServerOptions } from "@anax/server";
import type { Output } from "../io.ts";
import { rateLimits } from "./rate-flag.ts";
import type { LimitFlags, ReportFlags } from "./serve-flags.ts";

/** The options of the server that are one flag each. */
export function limitOptions(flags: LimitFlags): MqttServerOptions {
  const { connectionRate } = flags;
  return {
    connectionsMax: flags.maxConnections,
    connectionRatePerAddress:
      connectionRate === undefined ? false : { burst: connectionRate, perSecond: connectionRate },
    connectTimeoutMs: Math.round(flags.connectTimeout * 1_000),
    maximumPacketSize: flags.maxPacketSize,
    maximumQos: flags.maxQos,
    keepAliveMaxSeconds: flags.maxKeepAlive,
    inFlightDefault: flags.defaultInflight,
    inFlightMax: flags.maxInflight,
    inFlightBytesMax: flags.maxInflightBytes,
    inFlightBytesTotalMax: flags.maxInflightBytesTotal,
    unfinishedConnectBytesMax: flags.maxUnfinishedConnectBytes,
    receiveMaximum: flags.receiveMaximum,
    queueMessagesMax: flags.maxQueued,
    queueBytesMax: flags.maxQueuedBytes,
    queueOverflow: flags.queueOverflow,
    queueQos0: flags.queueQos0,
    storeWills: !flags.noStoreWills,
    roomWaitMs: Math.round(flags.roomWait * 1_000),
    holdBackMs: Math.round(flags.holdBack * 1_000),
    whenFull: flags.whenFull,
    backlogBytesMax: flags.maxBacklogBytes,
    backlogMessagesMax: flags.maxBacklog,
    backlogTotalBytesMax: flags.maxBacklogTotalBytes,
    sessionsMax: flags.maxSessions,
    sessionExpiryMaxSeconds: flags.maxSessionExpiry,
    anonymousSessionExpiryMaxSeconds: flags.maxAnonymousSessionExpiry,
    sessionSharingUsers: flags.shareSessions.includes("all") ? "all" : flags.shareSessions,
    subscriptionsPerSessionMax: flags.maxSubscriptions,
    topicLevelsMax: flags.maxTopicLevels,
    topicAliasMaximum: flags.maxTopicAliases,
    outgoingTopicAliasMaximum: flags.outgoingTopicAliases,
    userPropertiesMax: flags.maxUserProperties,
    retainedMessagesMax: flags.maxRetained,
    retainedBytesMax: flags.maxRetainedBytes,
    retainedSharePercent: flags.maxRetainedShare,
    holdOff: {
      failedLogins: flags.maxFailedLogins > 0 && { allowed: flags.maxFailedLogins },
      flapping: flags.maxReconnects !== undefined && { allowed: flags.maxReconnects },
    },
    rateLimits: rateLimits(flags.rate, {
      burstSeconds: flags.rateBurst,
      whenTooFast: flags.whenTooFast,
    }),
    ...offerOptions(flags),
  };
}

function offerOptions(flags: LimitFlags): MqttServerOptions {
  return {
    retainAvailable: !flags.noRetain,
    wildcardSubscriptionAvailable: !flags.noWildcards,
    sharedSubscriptionAvailable: !flags.noSharedSubscriptions,
    subscriptionIdentifiersAvailable: !flags.noSubscriptionIdentifiers,
    assignClientIds: !flags.noAssignedClientIds,
    checkPayloadFormat: flags.checkPayloadFormat,
    dollarTopicsFromClients: flags.dollarTopics,
  };
}

/** Its `$SYS` topics. */
export function systemTopicOptions({ noSys, sysInterval }: ReportFlags): MqttServerOptions {
  if (noSys) return { systemTopics: false };
  return sysInterval === undefined ? {} : { systemTopics: { intervalSeconds: sysInterval } };
}

/**
 * Where log records go. On a terminal somebody watches who comes and goes; elsewhere a line for each
 * connection would only fill a disk.
 */
export function loggerFor({ logLevel, logFormat }: ReportFlags, output: Output): Logger {
  const level = logLevel ?? (output.isTTY === true ? "info" : "warn");
  const options = { level, output };
  return logFormat === "json" ? jsonLinesLogger(options) : consoleLogger(options);
}
