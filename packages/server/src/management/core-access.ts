import { showValue } from "@anax/protocol";
import type { Task } from "../core/pending.ts";
import type { ServerCore } from "../core/server-core.ts";
import type { Session } from "../core/sessions/session.ts";
import { stored } from "../core/connection/storing.ts";
import { MqttNotStoredError, MqttServerStateError, MqttSessionNotFoundError } from "../errors.ts";

/** How management reaches the core: reads at once, changes in the core's own time. */
export interface CoreAccess {
  readonly core: ServerCore;
  /** Whether the server is started. */
  isStarted(): boolean;
  /** Calls that wait for a client: each is rejected with what it is given here when all clients are gone for good. */
  readonly waitingForClients: Set<(reason: Error) => void>;
  /** Does work inside the core and resolves with its result; rejects with `MqttServerStateError` unless the server is started. */
  change<Result>(work: (core: ServerCore) => Result): Promise<Result>;
  /** The same with a task, across its waits. `what` names it where the server stops before it is done. */
  perform<Result>(what: string, task: (core: ServerCore) => Task<Result>): Promise<Result>;
}

/** The core as `driver` runs it, for `server`. */
export function coreAccessOf(
  driver: Pick<CoreAccess, "core" | "change" | "perform">,
  server: Startable,
  waitingForClients: CoreAccess["waitingForClients"],
): CoreAccess {
  const check = (): void => requireStarted(server, "change anything");
  return {
    core: driver.core,
    isStarted: () => server.isStarted,
    waitingForClients,
    change: async (work) => (check(), driver.change(work)),
    perform: async (what, task) => (check(), driver.perform(what, task)),
  };
}

interface Startable {
  readonly isStarted: boolean;
}

/** Throws `MqttServerStateError` unless the server is started. */
export function requireStarted({ isStarted }: Startable, what: string): void {
  if (!isStarted) throw new MqttServerStateError(`cannot ${what}: the server is not started`);
}

/** Waits until what was just changed is stored, where it is to be. Throws `MqttNotStoredError`. */
export function* untilStored(core: ServerCore): Task {
  const failure = yield* stored(core);
  if (failure !== undefined) throw new MqttNotStoredError("the server cannot store messages now");
}

/** The session of a client. Throws `MqttSessionNotFoundError`. */
export function requireSession(core: ServerCore, clientId: string): Session {
  const session = core.sessions.get(clientId);
  if (session !== undefined) return session;
  throw new MqttSessionNotFoundError(`there is no session of ${showValue(clientId)}`);
}
