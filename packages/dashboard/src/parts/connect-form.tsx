import type { ClientOptions, WillOptions } from "@anax/client";
import { useEffect, useState } from "preact/hooks";
import { useEntered } from "../state/entered.ts";
import type { SetEntered } from "../state/entered.ts";
import { errorText } from "../state/error-text.ts";
import { ask } from "../state/session.ts";
import { Store } from "../state/store.ts";
import { failure, openConnection } from "../state/test-connection.ts";
import { say } from "../words/words.ts";
import { AuthenticationFields, authenticationOf, NO_AUTHENTICATION } from "./authentication.tsx";
import { BytesField } from "./bytes-field.tsx";
import {
  CheckField,
  ChoiceField,
  NumberField,
  optionalNumber,
  QosField,
  TextField,
} from "./field.tsx";
import {
  MessagePropertyFields,
  messagePropertiesOf,
  NO_PROPERTIES,
} from "./message-properties.tsx";
import type { EnteredProperties } from "./message-properties.tsx";
import { bytesOf, NO_BYTES } from "./payload-format.ts";
import type { EnteredBytes } from "./payload-format.ts";
import { optionalUserProperties, UserPropertiesField } from "./user-properties.tsx";

interface ServerAnswer {
  readonly listeners: readonly { readonly type: string; readonly url?: string }[];
}

const FIRST = {
  ...NO_AUTHENTICATION,
  url: "",
  clientId: `page-${Math.floor(Math.random() * 0xff_ff_ff).toString(16)}`,
  version: "5" as "5" | "4" | "3",
  userName: "",
  password: "",
  cleanStart: true,
  keepAlive: "60",
  sessionExpiry: "",
  receiveMaximum: "",
  maximumPacketSize: "",
  topicAliasMaximum: "",
  requestResponse: false,
  requestProblem: true,
  userProperties: "",
};

type Entered = typeof FIRST;

interface EnteredWill extends EnteredProperties {
  readonly topic: string;
  readonly payload: EnteredBytes;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  readonly willDelay: string;
}

const connection = new Store<Entered>(FIRST);
const will = new Store<EnteredWill>({
  ...NO_PROPERTIES,
  topic: "",
  payload: NO_BYTES,
  qos: 0,
  retain: false,
  willDelay: "",
});

export function ConnectForm() {
  const [entered, set, change] = useEntered(connection);
  const [urls, setUrls] = useState<readonly string[] | undefined>(undefined);
  useEffect(() => {
    const abort = new AbortController();
    ask<ServerAnswer>("server", abort.signal).then(
      ({ listeners }) => {
        const found = listeners.flatMap(({ url }) => webSocketUrl(url));
        setUrls(found);
        if (!found.includes(connection.value.url)) set("url")(found[0] ?? "");
      },
      (error: unknown) => {
        if (!abort.signal.aborted) failure.set(errorText(error));
      },
    );
    return () => abort.abort();
  }, []);
  const connect = (): void => {
    try {
      void openConnection(entered.url, optionsOf(entered, will.value));
    } catch (error) {
      failure.set(errorText(error));
    }
  };
  if (urls?.length === 0) return <p role="alert">{say("noListener")}</p>;
  return (
    <form
      class="card"
      onSubmit={(event) => {
        event.preventDefault();
        connect();
      }}
    >
      <h2>{say("connection")}</h2>
      <div class="fields">
        <ChoiceField
          label={say("server")}
          value={entered.url}
          set={set("url")}
          choices={(urls ?? []).map((url) => [url, url] as const)}
        />
        <TextField label={say("clientId")} value={entered.clientId} set={set("clientId")} />
        <ChoiceField
          label={say("protocolVersion")}
          value={entered.version}
          set={set("version")}
          choices={[
            ["5", "5.0"],
            ["4", "3.1.1"],
            ["3", "3.1"],
          ]}
        />
        <TextField label={say("userName")} value={entered.userName} set={set("userName")} />
        <TextField
          type="password"
          label={say("password")}
          value={entered.password}
          set={set("password")}
        />
      </div>
      <details>
        <summary>{say("moreOptions")}</summary>
        <MoreOptions entered={entered} set={set} />
        <AuthenticationFields entered={entered} change={change} />
        <WillFields />
      </details>
      <button type="submit" class="primary" disabled={entered.url === ""}>
        {say("connect")}
      </button>
    </form>
  );
}

const NUMBERS = [
  "keepAlive",
  "sessionExpiry",
  "receiveMaximum",
  "maximumPacketSize",
  "topicAliasMaximum",
] as const;

function MoreOptions({
  entered,
  set,
}: {
  readonly entered: Entered;
  readonly set: SetEntered<Entered>;
}) {
  return (
    <div class="fields">
      {NUMBERS.map((name) => (
        <NumberField key={name} label={say(name)} value={entered[name]} set={set(name)} />
      ))}
      {(["cleanStart", "requestResponse", "requestProblem"] as const).map((name) => (
        <CheckField key={name} label={say(name)} value={entered[name]} set={set(name)} />
      ))}
      <UserPropertiesField value={entered.userProperties} set={set("userProperties")} />
    </div>
  );
}

function WillFields() {
  const [entered, set, change] = useEntered(will);
  return (
    <fieldset class="fields">
      <legend>{say("will")}</legend>
      <TextField label={say("topic")} value={entered.topic} set={set("topic")} />
      <BytesField hasJson label={say("payload")} value={entered.payload} set={set("payload")} />
      <QosField label={say("qos")} value={entered.qos} set={set("qos")} />
      <CheckField label={say("retain")} value={entered.retain} set={set("retain")} />
      <NumberField label={say("willDelay")} value={entered.willDelay} set={set("willDelay")} />
      <MessagePropertyFields entered={entered} change={change} />
    </fieldset>
  );
}

/** How this page reaches a WebSocket listener: by the host that the page came from. */
function webSocketUrl(url: string | undefined): string[] {
  if (url === undefined || !/^wss?:/.test(url)) return [];
  const { protocol, port, pathname } = new URL(url);
  const own = `${protocol}//${location.hostname}${port === "" ? "" : `:${port}`}${pathname}`;
  // A page that came by TLS may not use plain sockets: a proxy has to pass this path on.
  return location.protocol === "https:" ? [`wss://${location.host}${pathname}`, own] : [own];
}

/** Throws `RangeError` for what is no User Property, or no bytes. */
function optionsOf(entered: Entered, enteredWill: EnteredWill): ClientOptions {
  const isNew = entered.version === "5";
  const { userName, password, clientId, cleanStart } = entered;
  const authentication = isNew ? authenticationOf(entered) : undefined;
  // SCRAM is there so that the password is not sent.
  const isSent = password !== "" && entered.authentication !== "scram";
  return {
    protocolVersion: Number(entered.version) as 3 | 4 | 5,
    ...(clientId !== "" && { clientId }),
    cleanStart,
    keepAliveSeconds: optionalNumber(entered.keepAlive) ?? 60,
    ...(userName !== "" && { userName }),
    ...(isSent && { password }),
    ...(isNew && {
      sessionExpiryIntervalSeconds: optionalNumber(entered.sessionExpiry),
      receiveMaximum: optionalNumber(entered.receiveMaximum),
      maximumPacketSize: optionalNumber(entered.maximumPacketSize),
      topicAliasMaximum: optionalNumber(entered.topicAliasMaximum),
      requestResponseInformation: entered.requestResponse,
      requestProblemInformation: entered.requestProblem,
      ...optionalUserProperties(entered.userProperties),
      authentication,
    }),
    ...(enteredWill.topic !== "" && { will: willOf(enteredWill, isNew) }),
  };
}

function willOf(entered: EnteredWill, isNew: boolean): WillOptions {
  const { topic, qos, retain, willDelay } = entered;
  return {
    topic,
    payload: bytesOf(entered.payload),
    qos,
    retain,
    ...(isNew && {
      willDelayIntervalSeconds: optionalNumber(willDelay),
      ...messagePropertiesOf(entered),
    }),
  };
}
