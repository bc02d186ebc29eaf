/**
 * "Not yet" of an extension event whose handler answers later. The core knows no promises: it parks the
 * work that asked, and goes on with it when the driver reports that the handler has settled.
 */
export interface Pending {
  /** Calls `resume` once the handler has settled; never from inside this call. */
  whenSettled(resume: () => void): void;
}

/** What an event returns: nothing (done), or the promise-free stand-in for "later". */
export type HookResult = Pending | undefined;

/** Work that may have to wait for handlers. It runs to its end in one go where nobody makes it wait. */
export type Task<Result = void> = Generator<Pending, Result, void>;

/** Waits for a hook inside a task: `yield* settled(hooks.started?.({}))`. */
export function* settled(result: HookResult): Task {
  if (result !== undefined) yield result;
}

/** Runs a task to its end, across its waits, then calls `done`, or `failed` with what it threw. */
export function runTask<Result>(
  task: Task<Result>,
  done: (result: Result) => void,
  failed: (error: unknown) => void,
): void {
  let step: IteratorResult<Pending, Result>;
  try {
    step = task.next();
  } catch (error) {
    return failed(error);
  }
  if (step.done) return done(step.value);
  step.value.whenSettled(() => runTask(task, done, failed));
}
