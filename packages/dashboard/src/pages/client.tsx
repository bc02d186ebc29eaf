import { useEffect, useState } from "preact/hooks";
import { ClientTrace } from "../parts/client-trace.tsx";
import { ConfirmButton } from "../parts/confirm-button.tsx";
import { Facts } from "../parts/facts.tsx";
import { PublishedLately } from "../parts/published-lately.tsx";
import { WaitingMessages } from "../parts/waiting-messages.tsx";
import { errorText } from "../state/error-text.ts";
import { ApiError, ask, mayOperate, request } from "../state/session.ts";
import { bytes, count, dateTime, say } from "../words/words.ts";
import { PROTOCOL_NAMES } from "./clients.tsx";
import type { ClientItem } from "./clients.tsx";
import type { SessionItem } from "./sessions.tsx";
import { optionsOf } from "./subscriptions.tsx";
import type { SubscriptionItem } from "./subscriptions.tsx";

const REFRESH_MS = 2_000;
const NEVER = 4_294_967_295;

interface Known {
  readonly client: ClientItem | undefined;
  readonly session: SessionItem | undefined;
  readonly subscriptions: readonly SubscriptionItem[];
}

/** One client: its connection, its session, and what may be done about it. */
export function ClientPage({ clientId }: { readonly clientId: string }) {
  const [known, setKnown] = useState<Known | undefined>(undefined);
  const [error, setError] = useState<string | undefined>(undefined);
  const [version, setVersion] = useState(0);
  useEffect(() => {
    const abort = new AbortController();
    const refresh = async (): Promise<void> => {
      try {
        setKnown(await knownOf(clientId, abort.signal));
        setError(undefined);
      } catch (failure) {
        if (!abort.signal.aborted) setError(errorText(failure));
      }
    };
    void refresh();
    const timer = setInterval(() => void refresh(), REFRESH_MS);
    return () => {
      abort.abort();
      clearInterval(timer);
    };
  }, [clientId, version]);
  const path = encodeURIComponent(clientId);
  const after = (): void => setVersion((one) => one + 1);
  return (
    <>
      <h1>
        {say("client")} <code>{clientId}</code>
      </h1>
      {error !== undefined && <p role="alert">{error}</p>}
      {known === undefined ? (
        <p>{say("loading")}</p>
      ) : (
        <>
          <Actions path={path} clientId={clientId} known={known} after={after} />
          <div class="columns">
            <Connection client={known.client} />
            <Session session={known.session} />
          </div>
          {mayOperate() && (known.session?.queuedMessages ?? 0) > 0 && (
            <WaitingMessages path={path} />
          )}
          <Subscriptions items={known.subscriptions} />
          {mayOperate() && <ClientTrace key={clientId} clientId={clientId} />}
          {known.client !== undefined && <PublishedLately clientId={clientId} />}
        </>
      )}
    </>
  );
}

async function knownOf(clientId: string, signal: AbortSignal): Promise<Known> {
  const path = encodeURIComponent(clientId);
  const session = await askIfThere<SessionItem>(`sessions/${path}`, signal);
  if (session === undefined) return { client: undefined, session, subscriptions: [] };
  const [client, subscriptions] = await Promise.all([
    session.isConnected ? askIfThere<ClientItem>(`clients/${path}`, signal) : undefined,
    askIfThere<{ readonly items: readonly SubscriptionItem[] }>(
      `sessions/${path}/subscriptions`,
      signal,
    ),
  ]);
  return { client, session, subscriptions: subscriptions?.items ?? [] };
}

async function askIfThere<Answer>(path: string, signal: AbortSignal): Promise<Answer | undefined> {
  try {
    return await ask<Answer>(path, signal);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

function Actions({
  path,
  clientId,
  known: { client, session },
  after,
}: {
  readonly path: string;
  readonly clientId: string;
  readonly known: Known;
  readonly after: () => void;
}) {
  if (!mayOperate()) return <p class="soft">{say("needsOperator")}</p>;
  const act = async (method: string, url: string): Promise<void> => {
    await request(method, url, method === "POST" ? { body: {} } : {});
    after();
  };
  const name = clientId;
  return (
    <p class="row">
      {client !== undefined && (
        <ConfirmButton
          label={say("disconnect")}
          question={say("disconnectAsk", { name })}
          act={() => act("POST", `clients/${path}/disconnect`)}
        />
      )}
      {session !== undefined && session.queuedMessages > 0 && (
        <ConfirmButton
          label={say("clearQueue")}
          question={say("clearQueueAsk", { name })}
          act={() => act("DELETE", `sessions/${path}/queue`)}
        />
      )}
      <ConfirmButton
        label={say("ban")}
        question={say("banAsk", { name })}
        act={async () => {
          await request("POST", "bans", { body: { kind: "clientId", value: clientId } });
          after();
        }}
      />
      {session !== undefined && (
        <ConfirmButton
          label={say("deleteSession")}
          question={say("deleteSessionAsk", { name })}
          act={() => act("DELETE", `sessions/${path}`)}
        />
      )}
    </p>
  );
}

function Connection({ client }: { readonly client: ClientItem | undefined }) {
  if (client === undefined)
    return (
      <section class="card">
        <h2>{say("connection")}</h2>
        <p>{say("clientAway")}</p>
      </section>
    );
  const { peer } = client;
  const transport = peer.secure ? `${peer.transport}, ${say("encrypted")}` : peer.transport;
  return (
    <section class="card">
      <h2>{say("connection")}</h2>
      <Facts
        facts={[
          [say("userName"), client.userName],
          [say("address"), peer.remoteAddress && `${peer.remoteAddress}:${peer.remotePort}`],
          [say("transport"), transport],
          [say("version"), PROTOCOL_NAMES[client.protocolVersion]],
          [say("since"), dateTime(client.connectedAtMs)],
          [say("lastPacket"), dateTime(client.lastPacketReceivedAtMs)],
          [say("keepAlive"), say("seconds", { count: client.keepAliveSeconds })],
          [say("messagesIn"), `${count(client.messagesReceived)} (${bytes(client.bytesReceived)})`],
          [say("messagesOut"), `${count(client.messagesSent)} (${bytes(client.bytesSent)})`],
          [say("waiting"), bytes(client.bytesWaiting)],
        ]}
      />
    </section>
  );
}

function Session({ session }: { readonly session: SessionItem | undefined }) {
  if (session === undefined)
    return (
      <section class="card">
        <h2>{say("session")}</h2>
        <p>{say("noSession")}</p>
      </section>
    );
  const { expiryIntervalSeconds: expiry, stalledSinceMs } = session;
  return (
    <section class="card">
      <h2>{say("session")}</h2>
      <Facts
        facts={[
          [say("state"), say(session.isConnected ? "online" : "away")],
          [say("created"), dateTime(session.createdAtMs)],
          [say("expiry"), expiry === NEVER ? say("never") : say("seconds", { count: expiry })],
          [say("queued"), `${count(session.queuedMessages)} (${bytes(session.queuedBytes)})`],
          [say("inFlight"), count(session.inFlightMessages)],
          [say("stalled"), stalledSinceMs === undefined ? undefined : dateTime(stalledSinceMs)],
          [say("will"), say(session.hasWill ? "yes" : "no")],
          [say("durable"), say(session.isDurable ? "yes" : "no")],
        ]}
      />
    </section>
  );
}

const SUBSCRIPTIONS_SHOWN = 500;

function Subscriptions({ items }: { readonly items: readonly SubscriptionItem[] }) {
  return (
    <section>
      <h2>
        {say("subscriptions")} ({count(items.length)})
      </h2>
      {items.length === 0 ? (
        <p>{say("empty")}</p>
      ) : (
        <table class="small">
          <thead>
            <tr>
              <th scope="col">{say("topicFilter")}</th>
              <th scope="col">{say("qos")}</th>
              <th scope="col">{say("options")}</th>
            </tr>
          </thead>
          <tbody>
            {items.slice(0, SUBSCRIPTIONS_SHOWN).map((one) => (
              <tr key={one.topicFilter}>
                <td>{one.topicFilter}</td>
                <td>{one.qos}</td>
                <td>{optionsOf(one)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
