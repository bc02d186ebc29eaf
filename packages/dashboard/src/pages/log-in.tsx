import { useState } from "preact/hooks";
import { useAnswer } from "../state/answer.ts";
import { errorText } from "../state/error-text.ts";
import { ApiError, logIn } from "../state/session.ts";
import { say } from "../words/words.ts";

const COMMAND = "anax admin token FILE NAME --role operator";

export function LogInPage() {
  const [token, setToken] = useState("");
  const { error, load: submit } = useAnswer(
    () => logIn(token.trim()),
    (failure) =>
      failure instanceof ApiError && failure.status === 401
        ? say("tokenUnknown")
        : errorText(failure),
  );
  return (
    <main id="content" class="log-in card">
      <h1>{say("title")}</h1>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <label class="field">
          <span>{say("token")}</span>
          <input
            type="password"
            autocomplete="off"
            required
            value={token}
            onInput={({ currentTarget }) => setToken(currentTarget.value)}
          />
        </label>
        {error !== undefined && <p role="alert">{error}</p>}
        <button type="submit" class="primary">
          {say("logIn")}
        </button>
      </form>
      <p class="soft">
        {say("tokenHint")} <code>{COMMAND}</code>
      </p>
      <p class="soft">{say("tokenKept")}</p>
    </main>
  );
}
