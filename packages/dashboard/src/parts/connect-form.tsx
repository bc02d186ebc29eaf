import type { ClientOptions, WillOptions } from "@anax/client";
import { useEffect, useState } from "preact/hooks";
import { errorText } from "../state/error-text.ts";
import { ask } from "../state/session.ts";
import { failure, openConnection } from "../state/test-connection.ts";
import { say } from "../words/words.ts";
import { CheckField, ChoiceField, Field, QosField, TextField } from "./field.tsx";
import { bytesOf } from "./payload-format.ts";
import { optionalNumber, userPropertiesOf } from "./user-properties.ts";

interface ServerAnswer {
  readonly listeners: readonly { readonly type: string; readonly url?: string }[];
}

const FIRST = {
  url: "",
  clientId: `page-${Math.floor(Math.random() * 0xff_ff_ff).toString(16)}`,
  version: "5" as "5" | "4",
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
  willTopic: "",
  willPayload: "",
  willQos: 0 as 0 | 1 | 2,
  willRetain: false,
  willDelay: "",
  willExpiry: "",
  willIsText: false,
  willContentType: "",
  willResponseTopic: "",
  willCorrelationData: "",
  willUserProperties: "",
};

type Entered = typeof FIRST;

/** What was entered last, for as long as the page is open. */
let kept: Entered = FIRST;

export function ConnectForm() {
  const [entered, setEntered] = useState(kept);
  const [urls, setUrls] = useState<readonly string[] | undefined>(undefined);
  kept = entered;
  const set = <Name extends keyof Entered>(name: Name) => {
    return (value: Entered[Name]): void => setEntered((one) => ({ ...one, [name]: value }));
  };
  useEffect(() => {
    const abort = new AbortController();
    ask<ServerAnswer>("server", abort.signal).then(
      ({ listeners }) => {
        const found = listeners.flatMap(({ url }) => webSocketUrl(url));
        setUrls(found);
        setEntered((one) => (found.includes(one.url) ? one : { ...one, url: found[0] ?? "" }));
      },
      (error: unknown) => {
        if (!abort.signal.aborted) failure.set(errorText(error));
      },
    );
    return () => abort.abort();
  }, []);
  const connect = (): void => {
    try {
      void openConnection(entered.url, optionsOf(entered));
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
      </details>
      <button type="submit" class="primary" disabled={entered.url === ""}>
        {say("connect")}
      </button>
    </form>
  );
}

type Set = <Name extends keyof Entered>(name: Name) => (value: Entered[Name]) => void;

function MoreOptions({ entered, set }: { readonly entered: Entered; readonly set: Set }) {
  const number = (name: NumberName) => (
    <TextField type="number" label={say(name)} value={entered[name]} set={set(name)} />
  );
  return (
    <>
      <div class="fields">
        {number("keepAlive")}
        {number("sessionExpiry")}
        {number("receiveMaximum")}
        {number("maximumPacketSize")}
        {number("topicAliasMaximum")}
        <CheckField label={say("cleanStart")} value={entered.cleanStart} set={set("cleanStart")} />
        <CheckField
          label={say("requestResponse")}
          value={entered.requestResponse}
          set={set("requestResponse")}
        />
        <CheckField
          label={say("requestProblem")}
          value={entered.requestProblem}
          set={set("requestProblem")}
        />
        <Field label={say("userProperties")}>
          <textarea
            value={entered.userProperties}
            onInput={({ currentTarget }) => set("userProperties")(currentTarget.value)}
          />
        </Field>
      </div>
      <fieldset class="fields">
        <legend>{say("will")}</legend>
        <TextField label={say("topic")} value={entered.willTopic} set={set("willTopic")} />
        <TextField label={say("payload")} value={entered.willPayload} set={set("willPayload")} />
        <QosField label={say("qos")} value={entered.willQos} set={set("willQos")} />
        <CheckField label={say("retain")} value={entered.willRetain} set={set("willRetain")} />
        {number("willDelay")}
        <TextField
          type="number"
          label={say("messageExpiry")}
          value={entered.willExpiry}
          set={set("willExpiry")}
        />
        <TextField
          label={say("contentType")}
          value={entered.willContentType}
          set={set("willContentType")}
        />
        <TextField
          label={say("responseTopic")}
          value={entered.willResponseTopic}
          set={set("willResponseTopic")}
        />
        <TextField
          label={say("correlationData")}
          value={entered.willCorrelationData}
          set={set("willCorrelationData")}
        />
        <CheckField label={say("isText")} value={entered.willIsText} set={set("willIsText")} />
        <Field label={say("userProperties")}>
          <textarea
            value={entered.willUserProperties}
            onInput={({ currentTarget }) => set("willUserProperties")(currentTarget.value)}
          />
        </Field>
      </fieldset>
    </>
  );
}

type NumberName =
  | "keepAlive"
  | "sessionExpiry"
  | "receiveMaximum"
  | "maximumPacketSize"
  | "topicAliasMaximum"
  | "willDelay";

/** How this page reaches a WebSocket listener: by the host that the page came from. */
function webSocketUrl(url: string | undefined): string[] {
  if (url === undefined || !/^wss?:/.test(url)) return [];
  const { protocol, port, pathname } = new URL(url);
  const own = `${protocol}//${location.hostname}${port === "" ? "" : `:${port}`}${pathname}`;
  // A page that came by TLS may not use plain sockets: a proxy has to pass this path on.
  return location.protocol === "https:" ? [`wss://${location.host}${pathname}`, own] : [own];
}

/** Throws `RangeError` for a User Property that is none. */
function optionsOf(entered: Entered): ClientOptions {
  const isNew = entered.version === "5";
  const { userName, password, willTopic, clientId, cleanStart } = entered;
  const userProperties = userPropertiesOf(entered.userProperties);
  return {
    protocolVersion: isNew ? 5 : 4,
    ...(clientId !== "" && { clientId }),
    cleanStart,
    keepAliveSeconds: optionalNumber(entered.keepAlive) ?? 60,
    ...(userName !== "" && { userName }),
    ...(password !== "" && { password }),
    ...(isNew && {
      sessionExpiryIntervalSeconds: optionalNumber(entered.sessionExpiry),
      receiveMaximum: optionalNumber(entered.receiveMaximum),
      maximumPacketSize: optionalNumber(entered.maximumPacketSize),
      topicAliasMaximum: optionalNumber(entered.topicAliasMaximum),
      requestResponseInformation: entered.requestResponse,
      requestProblemInformation: entered.requestProblem,
      ...(userProperties.length > 0 && { userProperties }),
    }),
    ...(willTopic !== "" && {
      will: {
        topic: willTopic,
        payload: entered.willPayload,
        qos: entered.willQos,
        retain: entered.willRetain,
        ...(isNew && willPropertiesOf(entered)),
      },
    }),
  };
}

/** Throws `RangeError` for a User Property that is none. */
function willPropertiesOf(entered: Entered): Partial<WillOptions> {
  const { willContentType, willResponseTopic, willCorrelationData, willIsText } = entered;
  const userProperties = userPropertiesOf(entered.willUserProperties);
  return {
    willDelayIntervalSeconds: optionalNumber(entered.willDelay),
    messageExpiryIntervalSeconds: optionalNumber(entered.willExpiry),
    ...(willIsText && { payloadFormatIndicator: 1 }),
    ...(willContentType !== "" && { contentType: willContentType }),
    ...(willResponseTopic !== "" && { responseTopic: willResponseTopic }),
    ...(willCorrelationData !== "" && { correlationData: bytesOf(willCorrelationData, "text") }),
    ...(userProperties.length > 0 && { userProperties }),
  };
}
