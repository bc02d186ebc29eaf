import { ReasonCode } from "@anax/protocol";
import { BanList } from "../bans/ban-list.ts";
import { banOf, checkedSubject, restoredBan } from "../bans/ban.ts";
import type { Ban, BanRequest, BanSubject } from "../bans/ban.ts";
import { dismiss } from "../core/endings/closing.ts";
import { makeInspectable } from "../core/inspecting.ts";
import { MqttHandlerTimeoutError } from "../errors.ts";
import type { BanStore } from "../ports/ban-store.ts";
import type { Clock } from "../ports/clock.ts";
import { within } from "../user-code.ts";
import { heldOff, letGo } from "./held-off-clients.ts";
import type { HeldOffClient, HeldOffSubject } from "./held-off-clients.ts";
import type { CoreAccess } from "./core-access.ts";

/** What is kept out: bans by Client Identifier, user name and address, for a time or until they are lifted; and who is held off for having come too often. */
export class ServerBans {
  readonly #access: CoreAccess;
  readonly #list: BanList;
  readonly #store: BanStore | undefined;
  readonly #wallNow: () => number;
  #saving: Promise<void> = Promise.resolve();
  #nextSave: Promise<void> | undefined;

  constructor(
    access: CoreAccess,
    parts: { list: BanList; store: BanStore | undefined; wallNow: () => number },
  ) {
    this.#access = access;
    this.#list = parts.list;
    this.#store = parts.store;
    this.#wallNow = parts.wallNow;
  }

  /** For `JSON.stringify`. */
  toJSON(): object {
    return { bans: [...this] };
  }

  /** Those in force, oldest first. */
  [Symbol.iterator](): IterableIterator<Ban> {
    return this.#list[Symbol.iterator]();
  }

  /**
   * Keeps clients out, in the place of a ban of the same subject, and sends away those that are connected (0x98); their sessions stay.
   * CONNECT of a client identifier or user is refused with 0x8A, before 5.0 with 5; a connection from a banned address is closed before
   * it is read. Resolves when the ban is saved, where a `banStore` is there. Rejects with `MqttConfigurationError`, with
   * `MqttServerBusyError` if there are 10 000, and with what saving rejects with: the ban is in force then, until the server stops.
   */
  async add(request: BanRequest): Promise<Ban> {
    const ban = banOf(request, this.#wallNow());
    await this.#access.change((core) => {
      this.#list.add(ban);
      // All who are here have passed the others.
      const alone = new BanList(this.#wallNow);
      alone.add(ban);
      for (const connection of core.connections) {
        const { clientId, userName, context } = connection;
        const { remoteAddress } = context.peer;
        if (alone.has({ clientId, userName, remoteAddress }))
          dismiss(core, connection, { reasonCode: ReasonCode.administrativeAction });
      }
    });
    await this.#save();
    return ban;
  }

  /** Lets its subject in again. Resolves with false if there was no such ban. Rejects as `add` does. */
  async lift(subject: BanSubject): Promise<boolean> {
    const checked = checkedSubject(subject);
    const existed = await this.#access.change(() => this.#list.lift(checked));
    if (existed) await this.#save();
    return existed;
  }

  /** Clients that are held off for a while by `holdOff`, since they came too often: those of failed logins, then those that flap. */
  heldOff(): HeldOffClient[] {
    return Array.from(heldOff(this.#access.core));
  }

  /**
   * Lets clients that are held off come again at once: those that fit all that is given, or all. Resolves with how many they were. Rejects
   * with `MqttServerStateError` unless the server is started.
   */
  async letGo(which: HeldOffSubject = {}): Promise<number> {
    return this.#access.change((core) => letGo(core, which));
  }

  /** One save is under way at a time, and one waits that will have all changes until it begins. */
  async #save(): Promise<void> {
    const store = this.#store;
    if (store === undefined) return;
    this.#nextSave ??= this.#saving.then(() => {
      this.#nextSave = undefined;
      return store.save([...this]);
    });
    const saved = this.#nextSave;
    this.#saving = saved.catch(() => undefined);
    await saved;
  }
}

/**
 * Takes what was saved. Rejects with what the store rejects with, with `MqttHandlerTimeoutError` if it has not answered in time, and
 * with `MqttConfigurationError` for what is no ban.
 */
export async function loadBans(
  list: BanList,
  store: BanStore | undefined,
  clock: Clock,
  limitMs: number,
): Promise<void> {
  const tooLate = (): Error =>
    new MqttHandlerTimeoutError(`the bans have not loaded after ${limitMs} ms`);
  const saved = await within(() => store?.load(), { clock, limitMs, tooLate });
  for (const ban of saved ?? []) list.add(restoredBan(ban));
}

makeInspectable(ServerBans.prototype, "ServerBans");
