import type { Statistics } from "../core/statistics.ts";
import type { HandlerCounters } from "../driver/handler-list.ts";
import type { StoreCounters } from "./server-health.ts";

/** How authentications ended, those of connected clients that authenticate again among them. */
export interface AuthenticationStatistics {
  readonly authenticationsAccepted: number;
  /** User name, password, token or certificate was wrong, or the Client Identifier is not for the user. */
  readonly authenticationsRefused: number;
  /** There were too many to check at once: these clients were told to come later. */
  readonly authenticationsBusy: number;
  /** Clients that were refused since an authenticator failed, or could not be asked. */
  readonly authenticationFailures: number;
}

/** Transports: connections before and below MQTT. */
export interface TransportStatistics {
  /** Transports that are open, those in a handshake included. */
  readonly transportsCurrent: number;
  /** Transports that were accepted. */
  readonly transportsTotal: number;
  /** Transports that were closed at once, for a limit. */
  readonly transportsRefused: number;
  /** Handshakes of TLS and WebSocket that failed or were refused. */
  readonly handshakesFailed: number;
}

/** Rules of access. */
export interface RuleStatistics {
  /** Rules of access in force. */
  readonly accessRulesCurrent: number;
  /** Times that the rules of access could not be read again. */
  readonly accessRuleFailures: number;
}

/** Counters of a server: those of the core, and those of what carries it. A snapshot. */
export interface ServerStatistics
  extends
    Readonly<Omit<Statistics, "reset" | "countReceived" | "countSent">>,
    Readonly<HandlerCounters>,
    StoreCounters,
    AuthenticationStatistics,
    TransportStatistics,
    RuleStatistics {
  /**
   * How late the event loop was at most in the last 10 to 20 seconds, in milliseconds: as long everything had to wait that this
   * process does. 0 while stopped.
   */
  readonly loopDelayMaximumMs: number;
  /** Milliseconds since the last start; 0 while stopped. */
  readonly uptimeMs: number;
}
