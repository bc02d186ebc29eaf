import type { DisconnectOptions } from "@anax/client";
import { useEntered } from "../state/entered.ts";
import { errorText } from "../state/error-text.ts";
import { Store } from "../state/store.ts";
import { closeConnection, failure } from "../state/test-connection.ts";
import { say } from "../words/words.ts";
import { ChoiceField, NumberField, optionalNumber, TextField } from "./field.tsx";
import { optionalUserProperties, UserPropertiesField } from "./user-properties.tsx";

/** The Reason Codes that a client may give. */
const CODES = [0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99];

const parting = new Store({
  reasonCode: "0",
  sessionExpiry: "",
  reasonString: "",
  userProperties: "",
});

/** Ends the connection in all the ways that DISCONNECT of MQTT 5.0 knows. */
export function DisconnectForm() {
  const [entered, set] = useEntered(parting);
  const disconnect = (): void => {
    try {
      const { reasonString } = entered;
      const options: DisconnectOptions = {
        reasonCode: Number(entered.reasonCode),
        sessionExpiryIntervalSeconds: optionalNumber(entered.sessionExpiry),
        ...(reasonString !== "" && { reasonString }),
        ...optionalUserProperties(entered.userProperties),
      };
      void closeConnection(options);
    } catch (error) {
      failure.set(errorText(error));
    }
  };
  return (
    <details>
      <summary>{say("disconnectOptions")}</summary>
      <form
        class="fields"
        onSubmit={(event) => {
          event.preventDefault();
          disconnect();
        }}
      >
        <ChoiceField
          label={say("reasonCode")}
          value={entered.reasonCode}
          set={set("reasonCode")}
          choices={CODES.map((code) => [String(code), codeText(code)] as const)}
        />
        <NumberField
          label={say("sessionExpiry")}
          value={entered.sessionExpiry}
          set={set("sessionExpiry")}
        />
        <TextField
          label={say("reasonString")}
          value={entered.reasonString}
          set={set("reasonString")}
        />
        <UserPropertiesField value={entered.userProperties} set={set("userProperties")} />
        <button type="submit">{say("disconnectSo")}</button>
      </form>
    </details>
  );
}

function codeText(code: number): string {
  const digits = `0x${code.toString(16).padStart(2, "0")}`;
  return code === 0x04 ? `${digits} ${say("withWill")}` : digits;
}
