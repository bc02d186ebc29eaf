/** Lets everything that is ready run: promises, and work put off to the next turn of the event loop. */
export async function turns(count = 3): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

/** Lets turns pass until something has become true; a test that waits in vain ends by its own limit. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turns(1);
}
