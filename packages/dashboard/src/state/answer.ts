import { useRef, useState } from "preact/hooks";
import { errorText } from "./error-text.ts";

/** What was asked of the server, as far as it is known. */
export interface Asking<Answer> {
  readonly answer: Answer | undefined;
  /** Why there is no answer, in words. */
  readonly error: string | undefined;
  /** Asks, again. Of answers that cross, that to the last question counts. Never rejects. */
  readonly load: () => Promise<void>;
  /** As if nothing had been asked. */
  readonly forget: () => void;
}

interface Known<Answer> {
  readonly answer: Answer | undefined;
  readonly error: string | undefined;
}

const NOTHING = { answer: undefined, error: undefined };

/**
 * Something to be asked of the server when the reader wants it. The last answer stays until there is another.
 * @param wordsOf what an error says, where that is not its message
 */
export function useAnswer<Answer>(
  ask: () => Promise<Answer>,
  wordsOf: (error: unknown) => string = errorText,
): Asking<Answer> {
  const [{ answer, error }, set] = useState<Known<Answer>>(NOTHING);
  const asked = useRef(0);
  const load = async (): Promise<void> => {
    asked.current += 1;
    const question = asked.current;
    try {
      const fresh = await ask();
      if (question === asked.current) set({ answer: fresh, error: undefined });
    } catch (failure) {
      if (question === asked.current) set({ answer: undefined, error: wordsOf(failure) });
    }
  };
  return { answer, error, load, forget: () => set(NOTHING) };
}
