/** The properties that PUBLISH and a Will have in common. */
import type { PublishOptions } from "@anax/client";
import { setterOf } from "../state/entered.ts";
import type { ChangeEntered } from "../state/entered.ts";
import { say } from "../words/words.ts";
import { BytesField } from "./bytes-field.tsx";
import { CheckField, NumberField, optionalNumber, TextField } from "./field.tsx";
import { NO_BYTES, optionalBytes } from "./payload-format.ts";
import type { EnteredBytes } from "./payload-format.ts";
import { optionalUserProperties, UserPropertiesField } from "./user-properties.tsx";

export interface EnteredProperties {
  readonly contentType: string;
  readonly responseTopic: string;
  readonly correlationData: EnteredBytes;
  readonly messageExpiry: string;
  /** Payload Format Indicator. */
  readonly isText: boolean;
  readonly userProperties: string;
}

export const NO_PROPERTIES: EnteredProperties = {
  contentType: "",
  responseTopic: "",
  correlationData: NO_BYTES,
  messageExpiry: "",
  isText: false,
  userProperties: "",
};

export function MessagePropertyFields({
  entered,
  change,
}: {
  readonly entered: EnteredProperties;
  readonly change: ChangeEntered<EnteredProperties>;
}) {
  const set = setterOf(change);
  return (
    <>
      {(["contentType", "responseTopic"] as const).map((name) => (
        <TextField key={name} label={say(name)} value={entered[name]} set={set(name)} />
      ))}
      <BytesField
        label={say("correlationData")}
        value={entered.correlationData}
        set={set("correlationData")}
      />
      <NumberField
        label={say("messageExpiry")}
        value={entered.messageExpiry}
        set={set("messageExpiry")}
      />
      <CheckField label={say("isText")} value={entered.isText} set={set("isText")} />
      <UserPropertiesField value={entered.userProperties} set={set("userProperties")} />
    </>
  );
}

/** Throws `RangeError` for what is no User Property, or no bytes. */
export function messagePropertiesOf(
  entered: EnteredProperties,
): Pick<
  PublishOptions,
  | "contentType"
  | "responseTopic"
  | "correlationData"
  | "messageExpiryIntervalSeconds"
  | "payloadFormatIndicator"
  | "userProperties"
> {
  const { contentType, responseTopic, isText } = entered;
  return {
    contentType: contentType === "" ? undefined : contentType,
    responseTopic: responseTopic === "" ? undefined : responseTopic,
    correlationData: optionalBytes(entered.correlationData),
    messageExpiryIntervalSeconds: optionalNumber(entered.messageExpiry),
    payloadFormatIndicator: isText ? 1 : undefined,
    ...optionalUserProperties(entered.userProperties),
  };
}
