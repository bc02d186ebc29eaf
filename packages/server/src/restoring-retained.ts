import type { LoadingRetainedMessage } from "./core/hooks/retained-events.ts";
import { settled } from "./core/pending.ts";
import type { Driver } from "./driver/driver.ts";

/** Asks the handlers of `loadingRetainedMessage` for what they kept. Rejects with what one of them failed with. */
export async function restoreRetained(driver: Driver): Promise<void> {
  const event: LoadingRetainedMessage = { loadedRetainedMessages: [], isZeroExpiryNone: false };
  await driver.perform("start", function* ask({ hooks }) {
    yield* settled(hooks.loadingRetainedMessage?.(event));
  });
  if (event.failure !== undefined) throw event.failure;
  const messages = event.loadedRetainedMessages.filter(({ payload }) => payload.length > 0);
  driver.restoreRetained(messages.map((message) => ({ ...message, retain: true })));
}
