import { useState } from "preact/hooks";
import { ChoiceField, TextField } from "../parts/field.tsx";
import type { Column } from "../parts/virtual-table.tsx";
import { useDelayed } from "../state/delayed.ts";
import { clientAddress } from "../state/route.ts";
import { bytes, count, dateTime, say } from "../words/words.ts";
import { ListPage } from "./list-page.tsx";

export interface SessionItem {
  readonly clientId: string;
  readonly userName?: string;
  readonly isConnected: boolean;
  readonly createdAtMs: number;
  readonly disconnectedAtMs?: number;
  readonly expiresAtMs?: number;
  readonly expiryIntervalSeconds: number;
  readonly subscriptionCount: number;
  readonly queuedMessages: number;
  readonly queuedBytes: number;
  readonly inFlightMessages: number;
  readonly stalledSinceMs?: number;
  readonly hasWill: boolean;
  readonly isDurable: boolean;
}

function columns(): readonly Column<SessionItem>[] {
  const number = { isSortable: true, isNumber: true };
  return [
    {
      id: "clientId",
      isSortable: true,
      title: say("clientId"),
      width: 13,
      cell: ({ clientId }) => <a href={clientAddress(clientId)}>{clientId}</a>,
    },
    {
      id: "userName",
      isSortable: true,
      title: say("userName"),
      width: 7,
      cell: (one) => one.userName,
    },
    {
      id: "isConnected",
      isSortable: true,
      title: say("state"),
      width: 7,
      cell: (one) => say(one.isConnected ? "online" : "away"),
    },
    {
      id: "createdAtMs",
      isSortable: true,
      title: say("created"),
      width: 12,
      cell: (one) => dateTime(one.createdAtMs),
    },
    {
      ...number,
      id: "subscriptionCount",
      title: say("subscriptionCount"),
      width: 9.5,
      cell: (one) => count(one.subscriptionCount),
    },
    {
      ...number,
      id: "queuedMessages",
      title: say("queued"),
      width: 11,
      cell: (one) => count(one.queuedMessages),
    },
    {
      ...number,
      id: "queuedBytes",
      title: say("queuedBytes"),
      width: 9.5,
      cell: (one) => bytes(one.queuedBytes),
    },
    {
      ...number,
      id: "inFlightMessages",
      title: say("inFlight"),
      width: 7,
      cell: (one) => count(one.inFlightMessages),
    },
  ];
}

export function SessionsPage() {
  const [clientId, setClientId] = useState("");
  const [state, setState] = useState<"" | "true" | "false">("");
  return (
    <ListPage
      title={say("sessions")}
      path="sessions"
      query={{ clientId: useDelayed(clientId), isConnected: state }}
      filters={
        <>
          <TextField
            type="search"
            label={say("filterClientId")}
            value={clientId}
            set={setClientId}
          />
          <ChoiceField
            label={say("connectedOnly")}
            value={state}
            set={setState}
            choices={[
              ["", say("all")],
              ["true", say("online")],
              ["false", say("away")],
            ]}
          />
        </>
      }
      columns={columns}
      firstOrder={{ sort: "clientId", descending: false }}
      rowKey={(one: SessionItem) => one.clientId}
    />
  );
}
