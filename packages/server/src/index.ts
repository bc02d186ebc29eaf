/** `@anax/server`: an MQTT server to embed. The public names, listed by hand. */
export { MqttConfigurationError } from "@anax/protocol";
export { FairSlots, type FairSlotLimits, type SlotClaimant } from "./auth/fair-slots.ts";
export { type Claimant } from "./auth/fair-queue.ts";
export { AnonymousAuthenticator } from "./auth/anonymous-authenticator.ts";
export {
  type CertificateName,
  CertificateAuthenticator,
  type CertificateAuthenticatorOptions,
} from "./auth/certificate-authenticator.ts";
export { hashPassword } from "./auth/password-hash.ts";
export { scramVerifier, type ScramVerifierOptions } from "./auth/scram.ts";
export {
  parsePasswordFile,
  PasswordFile,
  type PasswordFileEntry,
  passwordFileLine,
  type PasswordFileLineOptions,
} from "./auth/password-file.ts";
export type { MosquittoHash } from "./auth/mosquitto-hash.ts";
export type { PasswordHash, ScryptHash } from "./auth/password-hash.ts";
export type { AcknowledgedPacket } from "./core/owed/acknowledged-packet.ts";
export type { ApplicationMessage } from "./core/message/application-message.ts";
export {
  CORE_DEFAULTS,
  type CoreOptions,
  type QueueOverflow,
  type WhenFull,
} from "./core/core-options.ts";
export type { ClientContext, SessionItems } from "./core/hooks/client-context.ts";
export type {
  AuthenticationExchange,
  AuthenticationStep,
  DisconnectType,
  RestoredSubscription,
  ValidatingConnection,
} from "./core/hooks/connection-events.ts";
export type { HookArguments } from "./core/hooks/hooks.ts";
export type { Identity, Permissions } from "./core/hooks/identity.ts";
export { identityFault } from "./checking/identity-rules.ts";
export type {
  DeliveredPublishPacket,
  MessageSender,
  PublishResponse,
} from "./core/hooks/publish-events.ts";
export type { SubscriptionResponse } from "./core/hooks/subscription-events.ts";
export type { ClientStatus } from "./core/management/client-status.ts";
export type { SessionStatus, SubscriptionStatus } from "./core/management/session-status.ts";
export type { WaitingMessage } from "./core/management/waiting-messages.ts";
export type { TopicReceiver } from "./core/management/receivers.ts";
export type { Statistics } from "./core/statistics.ts";
export type { Peer, PeerTls, Wire } from "./core/wire.ts";
export type { ConnectionRate } from "./driver/address-buckets.ts";
export type { EventRegistration } from "./driver/event-handlers.ts";
export type { HandlerCounters } from "./driver/handler-list.ts";
export {
  MqttBufferOverflowError,
  MqttConnectionClosedError,
  MqttHandlerTimeoutError,
  MqttListenError,
  MqttMessageDroppedError,
  MqttNotStoredError,
  MqttServerBusyError,
  MqttServerStateError,
  MqttSessionNotFoundError,
} from "./errors.ts";
export type { HandlerEvent } from "./driver/event-signal.ts";
export type {
  ApplicationMessageEnqueuedOrDropped,
  ApplicationMessageNotConsumed,
  ClientAcknowledgedPublishPacket,
  ClientConnected,
  ClientDisconnected,
  ClientSubscribedTopic,
  ClientUnsubscribedTopic,
  InterceptingClientEnqueue,
  InterceptingPacket,
  InterceptingPublish,
  InterceptingSubscription,
  InterceptingUnsubscription,
  LoadingRetainedMessage,
  PreparingSession,
  QueuedApplicationMessageOverwritten,
  RetainedMessageChanged,
  SessionDeleted,
} from "./event-arguments.ts";
export {
  SERVER_EVENT_NAMES,
  SERVER_EVENTS,
  type ServerEventArguments,
  type ServerEventDescription,
  type ServerEventHandler,
  type ServerEventHandlers,
  type ServerEventName,
  type ValidatingConnectionEvent,
} from "./events.ts";
export type {
  InjectedApplicationMessage,
  InjectedMessageSender,
  InjectionResult,
} from "./injected-message.ts";
export type { AttachedWebSocketListenerOptions } from "./listeners/attached-web-socket-listener.ts";
export type { ListenerOptions } from "./listeners/create-listener.ts";
export type { MemoryListenerOptions } from "./listeners/memory-listener.ts";
export type { SocketOptions } from "./listeners/socket-server.ts";
export type { TcpListenerOptions } from "./listeners/tcp-listener.ts";
export type { TlsListenerOptions } from "./listeners/tls-listener.ts";
export { AccessRuleBook } from "./access/rule-book.ts";
export type { AccessExplanation, AccessExplanationRequest } from "./access/rule-book.ts";
export { ServerAccess } from "./management/server-access.ts";
export { checkAccessRules } from "./access/access-rules.ts";
export type { AccessRuleReader } from "./access/rule-source.ts";
export type { AccessAction, AccessRule, AccessRules } from "./access/access-rules.ts";
export type {
  AccessClient,
  Authorizer,
  PublishAnswer,
  PublishGrant,
  SubscribeAnswer,
  SubscribeGrant,
} from "./core/access/authorizer.ts";
export { checkTlsCredentials } from "./listeners/tls-credentials.ts";
export type {
  HostCredentials,
  TlsCredentialNames,
  TlsCredentials,
} from "./listeners/tls-credentials.ts";
export type { TlsOptions } from "./listeners/tls-terminator.ts";
export type { UnixListenerOptions } from "./listeners/unix-listener.ts";
export type { WebSocketOptions } from "./listeners/web-socket-options.ts";
export type { WebSocketListenerOptions } from "./listeners/web-socket-listener.ts";
export type { Page, PageQuery } from "./management/listings.ts";
export type {
  InternalSubscriptionOptions,
  MessageStream,
  ReceivedApplicationMessage,
} from "./management/message-stream.ts";
export type { DisconnectOptions, ServerClients } from "./management/server-clients.ts";
export type {
  RetainedMessageQuery,
  ServerRetainedMessages,
} from "./management/server-retained-messages.ts";
export type {
  ServerSessions,
  EnqueuedMessage,
  SessionDelivery,
  SessionDeliveryOptions,
  SessionOptions,
  SessionSubscription,
} from "./management/server-sessions.ts";
export {
  type DriverSettings,
  type MqttServerOptions,
  SERVER_DEFAULTS,
  type ServerParts,
} from "./options.ts";
export type { HoldOffLimits, HoldOffSettings } from "./core/rates/hold-off.ts";
export type {
  ClientRate,
  KeptLimits,
  Rate,
  RateLimits,
  SharedRate,
  WhenTooFast,
} from "./core/rates/rate-limits.ts";
export { BanFile } from "./bans/ban-file.ts";
export type { HeldOffClient, HeldOffSubject } from "./management/held-off-clients.ts";
export type { Ban, BanKind, BanRequest, BanSubject } from "./bans/ban.ts";
export type { TimeHistogram } from "./system/time-histogram.ts";
export { Trace } from "./management/trace.ts";
export type { TraceEnd, TraceLimits, TraceSubject } from "./management/trace.ts";
export type { TracedPacket, TraceRecord } from "./management/trace-record.ts";
export type { ServerTraces, TraceOptions } from "./management/server-traces.ts";
export type {
  FollowedDelivery,
  FollowedMessage,
  FollowingOptions,
  FollowingRegistration,
} from "./management/followed-messages.ts";
export type { TraceEventType } from "./core/tracing/trace-event.ts";
export type { ServerBans } from "./management/server-bans.ts";
export type { BanStore } from "./ports/ban-store.ts";
export type {
  AuthenticationAnswer,
  Authenticator,
  Credentials,
  ScramVerifier,
} from "./ports/authenticator.ts";
export type { CancelCall, Clock, MachineRun } from "./ports/clock.ts";
export type {
  ConnectionAcceptor,
  ConnectionSink,
  Listener,
  ListenerAddress,
} from "./ports/listener.ts";
export {
  LOG_LEVELS,
  type LogFields,
  type Logger,
  type LogLevel,
  type LogRecord,
} from "./ports/logger.ts";
export {
  type Store,
  type StoreDurability,
  StoreError,
  type StoreErrorCode,
  type StoreTransaction,
  type StoreVisitor,
} from "./ports/store.ts";
export { MqttServer } from "./server.ts";
export type { StopOptions, StopResult } from "./stop-options.ts";
export type { UnfinishedWork } from "./driver/stopping.ts";
export {
  consoleLogger,
  jsonLinesLogger,
  type LineOutput,
  type LoggerOptions,
} from "./system/loggers.ts";
export type { JournalHealth } from "./core/journal/journal.ts";
export type { ServerLimits } from "./option-limits.ts";
export type { ServerHealth, StoreCounters, StoreHealth } from "./system/server-health.ts";
export type { ServerTraffic } from "./system/server-traffic.ts";
export type { Traffic } from "./core/connection/traffic.ts";
export type { ServerStatistics } from "./system/server-statistics.ts";
export { SYSTEM_TOPICS } from "./system/system-topic-table.ts";
export type { SystemTopic } from "./system/system-topic-table.ts";
