import { useRef, useState } from "preact/hooks";
import { errorText } from "../state/error-text.ts";
import { say } from "../words/words.ts";

/** A button that asks before it does something that cannot be taken back. */
export function ConfirmButton({
  label,
  question,
  act,
}: {
  readonly label: string;
  readonly question: string;
  readonly act: () => Promise<void>;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [error, setError] = useState<string | undefined>(undefined);
  const confirmed = async (): Promise<void> => {
    try {
      await act();
      dialog.current?.close();
    } catch (failure) {
      setError(errorText(failure));
    }
  };
  return (
    <>
      <button
        type="button"
        class="danger"
        onClick={() => {
          setError(undefined);
          dialog.current?.showModal();
        }}
      >
        {label}
      </button>
      <dialog ref={dialog} aria-label={label}>
        <p>{question}</p>
        {error !== undefined && <p role="alert">{error}</p>}
        <p class="row">
          <button type="button" class="danger" onClick={() => void confirmed()}>
            {label}
          </button>
          <button type="button" onClick={() => dialog.current?.close()}>
            {say("cancel")}
          </button>
        </p>
      </dialog>
    </>
  );
}
