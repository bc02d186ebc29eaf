import { useEffect, useState } from "preact/hooks";

/** A value that parts of the page follow. */
export class Store<Value> {
  readonly #followers: Set<() => void> = new Set();
  #value: Value;

  constructor(value: Value) {
    this.#value = value;
  }

  get value(): Value {
    return this.#value;
  }

  set(value: Value): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const follower of Array.from(this.#followers)) follower();
  }

  /** Calls at each change; the result ends it. */
  follow(call: () => void): () => void {
    this.#followers.add(call);
    return () => void this.#followers.delete(call);
  }
}

/** The value of a store; the part is drawn anew when it changes. */
export function useStore<Value>(store: Store<Value>): Value {
  const [value, setValue] = useState(store.value);
  useEffect(() => {
    setValue(() => store.value);
    return store.follow(() => setValue(() => store.value));
  }, [store]);
  return value;
}
