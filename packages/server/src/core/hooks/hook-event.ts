/** The Network Connection that an event belongs to. It tells handlers that are at work when it has closed. */
export interface EventSource {
  readonly isClosed: boolean;
  /** Called once when it closes; undefined while none asks to be. */
  whenClosed: Set<() => void> | undefined;
}

/** What every event inherits from. The core puts nothing here; the driver adds the `signal` that handlers read. */
export class HookEvent {}
