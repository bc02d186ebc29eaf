/** Enhanced authentication of MQTT 5.0, as it is entered. */
import { scramSha256 } from "@anax/client";
import type { AuthenticationOptions } from "@anax/client";
import { setterOf } from "../state/entered.ts";
import type { ChangeEntered } from "../state/entered.ts";
import { say } from "../words/words.ts";
import { BytesField } from "./bytes-field.tsx";
import { ChoiceField, TextField } from "./field.tsx";
import { NO_BYTES, optionalBytes } from "./payload-format.ts";
import type { EnteredBytes } from "./payload-format.ts";

export interface EnteredAuthentication {
  readonly authentication: "none" | "scram" | "other";
  readonly authenticationMethod: string;
  /** A line for each step. */
  readonly authenticationData: EnteredBytes;
}

export const NO_AUTHENTICATION: EnteredAuthentication = {
  authentication: "none",
  authenticationMethod: "",
  authenticationData: NO_BYTES,
};

export function AuthenticationFields({
  entered,
  change,
}: {
  readonly entered: EnteredAuthentication;
  readonly change: ChangeEntered<EnteredAuthentication>;
}) {
  const set = setterOf(change);
  return (
    <fieldset class="fields">
      <legend>{say("authentication")}</legend>
      <ChoiceField
        label={say("authenticationMethod")}
        value={entered.authentication}
        set={set("authentication")}
        choices={[
          ["none", say("authenticationNone")],
          ["scram", "SCRAM-SHA-256"],
          ["other", say("authenticationOther")],
        ]}
      />
      {entered.authentication === "scram" && <p class="soft">{say("scramHint")}</p>}
      {entered.authentication === "other" && (
        <>
          <TextField
            label={say("authenticationName")}
            value={entered.authenticationMethod}
            set={set("authenticationMethod")}
          />
          <BytesField
            rows={3}
            label={say("authenticationData")}
            value={entered.authenticationData}
            set={set("authenticationData")}
          />
        </>
      )}
    </fieldset>
  );
}

/** Throws `RangeError` where this page cannot do it, or for what is no bytes. */
export function authenticationOf({
  authentication,
  authenticationMethod: method,
  authenticationData: { text, format },
  userName,
  password,
}: EnteredAuthentication & {
  readonly userName: string;
  readonly password: string;
}): AuthenticationOptions | undefined {
  switch (authentication) {
    case "none":
      return undefined;
    case "scram":
      if (!isSecureContext) throw new RangeError(say("scramNeedsTls"));
      return scramSha256({ userName, password });
    case "other": {
      const steps = text.split("\n").map((line) => optionalBytes({ text: line, format }));
      let taken = 0;
      return {
        method,
        handler: ({ type }) => {
          if (type === "success") return undefined;
          if (type === "start") taken = 0;
          if (taken === steps.length)
            throw new RangeError(say("authenticationEnds", { count: taken }));
          taken += 1;
          return steps[taken - 1];
        },
      };
    }
  }
}
