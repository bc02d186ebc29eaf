import { ReasonCode } from "@anax/protocol";
import type { UserProperties } from "@anax/protocol";
import { DISCONNECT_RULES } from "../checking/disconnect-rules.ts";
import { checked, requireText } from "../checking/rules.ts";
import { dismiss } from "../core/endings/closing.ts";
import {
  clientStatus,
  connectedClient,
  connectedClients,
} from "../core/management/client-status.ts";
import type { ClientStatus } from "../core/management/client-status.ts";
import type { CoreAccess } from "./core-access.ts";
import { Listings, itemsOf } from "./listings.ts";
import type { Page, PageQuery } from "./listings.ts";
import { makeInspectable } from "../core/inspecting.ts";

/** What a client is told that is sent away; MQTT 5.0 clients only. */
export interface DisconnectOptions {
  /**
   * Default 0x98, Administrative action. A client that leaves a Will is told that in place of 0x00, which would say that no
   * Will is published.
   */
  readonly reasonCode?: number;
  readonly reasonString?: string;
  /** Where the client is to go instead; with reason code 0x9C or 0x9D. */
  readonly serverReference?: string;
  readonly userProperties?: UserProperties;
}

/** The clients that are connected. */
export class ServerClients {
  readonly #access: CoreAccess;
  readonly #listings = new Listings<ClientStatus>();

  constructor(access: CoreAccess) {
    this.#access = access;
  }

  /** For `JSON.stringify`. */
  toJSON(): object {
    const { count } = this;
    return { count };
  }

  /** How many there are. */
  get count(): number {
    return this.#access.core.statistics.connectionsCurrent;
  }

  /** One client; undefined if it is not connected. */
  get(clientId: string): ClientStatus | undefined {
    requireText("clientId", clientId);
    const connection = connectedClient(this.#access.core, clientId);
    return connection && clientStatus(this.#access.core, connection);
  }

  /** All of them: `for (const client of server.clients)`. Who comes or goes meanwhile may be among them or not. */
  [Symbol.iterator](): IterableIterator<ClientStatus> {
    const { core } = this.#access;
    return itemsOf(connectedClients(core, core.connections));
  }

  /** A page of clients, in the order of their connecting. Throws `RangeError` for a bad limit or cursor. */
  list(query: PageQuery<ClientStatus> = {}): Page<ClientStatus> {
    return this.#listings.page(query, () =>
      connectedClients(this.#access.core, this.#access.core.connections),
    );
  }

  /**
   * Sends a client away. Resolves with false if it was not connected. Its session stays as the session says, and its
   * Will is published. Rejects with `MqttConfigurationError` for what DISCONNECT of a server cannot carry.
   */
  async disconnect(clientId: string, options: DisconnectOptions = {}): Promise<boolean> {
    requireText("clientId", clientId);
    const given = checked("disconnect", options, DISCONNECT_RULES);
    const dismissal = { reasonCode: ReasonCode.administrativeAction, ...given };
    return this.#access.change((core) => {
      const connection = connectedClient(core, clientId);
      if (connection !== undefined) dismiss(core, connection, dismissal);
      return connection !== undefined;
    });
  }

  /** Counts a client's bytes and packets from zero again; false if it is not connected. */
  resetStatistics(clientId: string): boolean {
    requireText("clientId", clientId);
    const connection = connectedClient(this.#access.core, clientId);
    if (connection !== undefined) this.#access.core.traffic.keep(connection);
    connection?.counters.reset();
    return connection !== undefined;
  }
}

makeInspectable(ServerClients.prototype, "ServerClients");
