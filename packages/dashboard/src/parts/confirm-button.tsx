import { useRef } from "preact/hooks";
import { useAnswer } from "../state/answer.ts";
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
  const {
    error,
    load: confirmed,
    forget,
  } = useAnswer(async () => {
    await act();
    dialog.current?.close();
  });
  return (
    <>
      <button
        type="button"
        class="danger"
        onClick={() => {
          forget();
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
