import { useEffect, useState } from "preact/hooks";

const DELAY_MS = 250;

/** A value that is typed, once the reader has paused. */
export function useDelayed<Value>(value: Value): Value {
  const [delayed, setDelayed] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setDelayed(() => value), DELAY_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return delayed;
}
