import { ConnectForm } from "../parts/connect-form.tsx";
import { DisconnectForm } from "../parts/disconnect-form.tsx";
import { PublishForm } from "../parts/publish-form.tsx";
import { SubscribeForm } from "../parts/subscribe-form.tsx";
import { TestMessages } from "../parts/test-messages.tsx";
import { TestPackets } from "../parts/test-packets.tsx";
import {
  closeConnection,
  connectedAs,
  connectionState,
  failure,
  hasAuthentication,
  reauthenticate,
} from "../state/test-connection.ts";
import { useStore } from "../state/store.ts";
import { say } from "../words/words.ts";

/** An MQTT client in the page, over the WebSocket listener of the server. */
export function TestClientPage() {
  const state = useStore(connectionState);
  const name = useStore(connectedAs);
  const wrong = useStore(failure);
  const mayReauthenticate = useStore(hasAuthentication);
  const isConnected = state === "connected";
  return (
    <>
      <h1>{say("testClient")}</h1>
      <p class="row">
        <span role="status" class={isConnected ? "good" : ""}>
          {isConnected ? say("connectedAs", { name }) : say(STATES[state])}
        </span>
        {state !== "closed" && (
          <button type="button" onClick={() => void closeConnection()}>
            {say("disconnect")}
          </button>
        )}
        {isConnected && mayReauthenticate && (
          <button type="button" onClick={() => void reauthenticate()}>
            {say("reauthenticate")}
          </button>
        )}
      </p>
      {isConnected && <DisconnectForm />}
      {wrong !== undefined && <p role="alert">{wrong}</p>}
      {state === "closed" ? (
        <ConnectForm />
      ) : (
        <div class="columns">
          <SubscribeForm />
          <PublishForm />
        </div>
      )}
      <TestMessages />
      <TestPackets />
    </>
  );
}

const STATES = {
  closed: "notConnected",
  connecting: "connecting",
  connected: "connectedAs",
  reconnecting: "reconnecting",
} as const;
