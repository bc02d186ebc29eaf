/**
 * What a scenario is and what it is given. Scenarios are values, free of any test framework, so that
 * the same ones run under vitest against Anax and by the command line against any other broker.
 */
import { AssertionError } from "node:assert";

import { integer, type Version } from "./wire/notation.ts";
import { openPeer, type Address, type Peer, type PeerOptions } from "./wire/peer.ts";
import type { Connack } from "./wire/packet-reader.ts";

/**
 * What a scenario needs of its server beside the defaults. A target that cannot set a server up so
 * says so, and the scenario is skipped there with a word.
 */
export interface ServerNeeds {
  /** Nobody else is connected: for scenarios that subscribe to everything. */
  readonly alone?: true;
  readonly maximumQos?: 0 | 1;
  readonly receiveMaximum?: number;
  readonly topicAliasMaximum?: number;
  /** The server uses so many Topic Aliases of its own where a client offers them. */
  readonly outgoingTopicAliasMaximum?: number;
  readonly maximumPacketSize?: number;
  readonly serverKeepAliveSeconds?: number;
  readonly sessionExpiryIntervalMaximumSeconds?: number;
  readonly retainAvailable?: false;
  readonly wildcardSubscriptionAvailable?: false;
  readonly subscriptionIdentifierAvailable?: false;
  readonly sharedSubscriptionAvailable?: false;
  readonly connectTimeoutMs?: number;
  readonly websocket?: true;
  /**
   * The rules of `targets/house-rules.ts`: who may connect and what is refused, and the method of
   * enhanced authentication that scenarios use.
   */
  readonly houseRules?: true;
}

/** The statements that a scenario proves, by the version of the standard that numbers them. */
export interface Statements {
  /** `MQTT-…` and `U-…` identifiers of MQTT 5.0. */
  readonly v5?: readonly string[];
  /** `MQTT-…` identifiers of MQTT 3.1.1. */
  readonly v3?: readonly string[];
}

/** One behaviour of a server on the wire. It runs once for each version that it names statements of. */
export interface Scenario {
  readonly title: string;
  readonly statements: Statements;
  readonly needs?: ServerNeeds;
  /** Set where a wait of whole seconds on the wire cannot be avoided: these are started first. */
  readonly slow?: true;
  readonly run: (context: ScenarioContext) => Promise<void>;
}

/** How a scenario introduces itself. Everything has a default that every server must accept. */
export interface ConnectOptions {
  readonly clientId?: string;
  /** Default true. */
  readonly cleanStart?: boolean;
  /** The session outlives its connection: by Session Expiry Interval, or by CleanSession 0. */
  readonly durable?: boolean;
  /** Default 0, no check. */
  readonly keepAliveSeconds?: number;
  /** CONNECT properties in notation, 5.0 only. */
  readonly properties?: string;
  readonly will?: WillOptions;
  readonly userName?: string;
  readonly password?: string;
}

/** A Will Message. */
export interface WillOptions {
  readonly topic: string;
  readonly payload?: string;
  readonly qos?: number;
  readonly retain?: boolean;
  /** Will Properties in notation, 5.0 only. */
  readonly properties?: string;
}

/** How `ScenarioContext.publish` publishes. */
export interface PublishOptions {
  /** Default 0. */
  readonly qos?: 0 | 1 | 2;
  /** Default false. */
  readonly retain?: boolean;
  /** PUBLISH properties in notation, 5.0 only. */
  readonly properties?: string;
}

/** How a scenario reaches its server. */
export interface ScenarioServer {
  readonly address: Address;
  /** Where WebSocket connections are taken, when `needs.websocket` asked for them. */
  readonly websocket?: Address;
}

let runs = 0;

/** A scenario's own server, names, and connections, which all end with it. */
export class ScenarioContext {
  readonly version: Version;
  readonly server: ScenarioServer;
  readonly #name: string;
  readonly #options: Omit<PeerOptions, "version">;
  readonly #peers: Peer[] = [];

  constructor(version: Version, server: ScenarioServer, options: Omit<PeerOptions, "version">) {
    this.version = version;
    this.server = server;
    this.#options = options;
    runs += 1;
    this.#name = `${process.pid.toString(36)}${runs.toString(36)}`;
  }

  /** True when this run speaks MQTT 5.0. */
  get isV5(): boolean {
    return this.version === "5.0";
  }

  /** A topic that no other run uses; levels under the same first level belong together. */
  topic(levels = "topic"): string {
    return `conformance-${this.#name}/${levels}`;
  }

  /** A ClientID that no other run uses, in the characters and length every server must accept. */
  clientId(suffix = ""): string {
    return `c${this.#name}${suffix}`;
  }

  /** A connection on which nothing has been sent yet. */
  async open(version: Version = this.version): Promise<Peer> {
    const peer = await openPeer(this.server.address, { ...this.#options, version });
    this.#peers.push(peer);
    return peer;
  }

  /** A connection that the server has accepted. */
  async connect(options: ConnectOptions = {}): Promise<Peer> {
    const { peer } = await this.connectAndRead(options);
    return peer;
  }

  /** As `connect`, with the CONNACK that came. */
  async connectAndRead(
    options: ConnectOptions = {},
  ): Promise<{ readonly peer: Peer; readonly connack: Connack }> {
    const peer = await this.open();
    peer.send(this.connectPacket(options));
    return { peer, connack: await peer.expectConnack() };
  }

  /** A CONNECT in notation. */
  connectPacket(options: ConnectOptions = {}): string {
    return connectPacket({ clientId: this.clientId(`n${this.#peers.length}`), ...options });
  }

  /** Subscribes with these options byte and waits for the grant; `properties` in notation. */
  async subscribe(peer: Peer, filter: string, options = 0, properties = ""): Promise<void> {
    peer.send(`82 { FFF0 <{ ${properties} }> "${filter}" ${integer(options, 1)} }`);
    await peer.expect(`90 { FFF0 <{*}> ${integer(options & 3, 1)} }`);
  }

  /** A connection of its own that subscribes; see `subscribe`. */
  async subscriber(filter: string, options = 0, connect: ConnectOptions = {}): Promise<Peer> {
    const peer = await this.connect(connect);
    await this.subscribe(peer, filter, options);
    return peer;
  }

  /** Publishes a text and carries the exchange of its QoS through to the end. */
  async publish(
    peer: Peer,
    topic: string,
    payload: string,
    how: PublishOptions = {},
  ): Promise<void> {
    const { qos = 0, retain = false, properties = "" } = how;
    const first = integer(0x30 + qos * 2 + (retain ? 1 : 0), 1);
    const identifier = qos === 0 ? "" : "FFF1";
    peer.send(`${first} { "${topic}" ${identifier} <{ ${properties} }> '${payload}' }`);
    if (qos === 1) await peer.expect("40 { FFF1 * }");
    if (qos !== 2) return;
    await peer.expect("50 { FFF1 * }");
    peer.send("62 { FFF1 }");
    await peer.expect("70 { FFF1 * }");
  }

  /** What the standard recommends: a failure where recommendations count, else a remark. */
  recommend(met: boolean, recommendation: string): void {
    if (met) return;
    if (!this.#options.onRemark) throw new AssertionError({ message: recommendation });
    this.#options.onRemark(recommendation);
  }

  /** Ends every connection of this run. */
  close(): void {
    for (const peer of this.#peers) peer.drop();
  }
}

/** A CONNECT in notation, for both versions at once. */
export function connectPacket(options: ConnectOptions): string {
  const { will, userName, password } = options;
  const properties = `${options.durable ? "11 0000003C" : ""} ${options.properties ?? ""}`;
  return `10 { "MQTT" <05|04> ${integer(connectFlags(options), 1)}
    ${integer(options.keepAliveSeconds ?? 0, 2)} <{ ${properties} }>
    "${options.clientId ?? ""}"
    ${will ? `<{ ${will.properties ?? ""} }> "${will.topic}" ['${will.payload ?? "will"}']` : ""}
    ${userName === undefined ? "" : `"${userName}"`} ${password === undefined ? "" : `"${password}"`}
  }`;
}

function connectFlags(options: ConnectOptions): number {
  const { will } = options;
  const clean = (options.cleanStart ?? !options.durable) ? 0x02 : 0;
  const willFlags = will ? 0x04 | ((will.qos ?? 0) << 3) | (will.retain ? 0x20 : 0) : 0;
  const user = options.userName === undefined ? 0 : 0x80;
  return clean | willFlags | user | (options.password === undefined ? 0 : 0x40);
}
