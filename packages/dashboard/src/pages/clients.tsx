import { useState } from "preact/hooks";
import { TextField } from "../parts/field.tsx";
import type { Column } from "../parts/virtual-table.tsx";
import { useDelayed } from "../state/delayed.ts";
import { clientAddress } from "../state/route.ts";
import { bytes, count, dateTime, say, time } from "../words/words.ts";
import { ListPage } from "./list-page.tsx";

export interface ClientItem {
  readonly clientId: string;
  readonly userName?: string;
  readonly protocolVersion: number;
  readonly peer: {
    readonly transport: string;
    readonly secure: boolean;
    readonly remoteAddress?: string;
    readonly remotePort?: number;
  };
  readonly connectedAtMs: number;
  readonly lastPacketReceivedAtMs: number;
  readonly lastPacketSentAtMs: number;
  readonly keepAliveSeconds: number;
  readonly sessionExpiryIntervalSeconds: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly packetsReceived: number;
  readonly packetsSent: number;
  readonly messagesReceived: number;
  readonly messagesSent: number;
  readonly bytesWaiting: number;
}

export const PROTOCOL_NAMES: Readonly<Record<number, string>> = { 3: "3.1", 4: "3.1.1", 5: "5.0" };

function columns(): readonly Column<ClientItem>[] {
  const sortable = { isSortable: true };
  const number = { isSortable: true, isNumber: true };
  return [
    {
      ...sortable,
      id: "clientId",
      title: say("clientId"),
      width: 12,
      cell: ({ clientId }) => <a href={clientAddress(clientId)}>{clientId}</a>,
    },
    { ...sortable, id: "userName", title: say("userName"), width: 7, cell: (one) => one.userName },
    {
      ...sortable,
      id: "remoteAddress",
      title: say("address"),
      width: 9,
      cell: ({ peer }) => peer.remoteAddress ?? peer.transport,
    },
    {
      ...sortable,
      id: "protocolVersion",
      title: say("version"),
      width: 5,
      cell: (one) => PROTOCOL_NAMES[one.protocolVersion],
    },
    {
      ...sortable,
      id: "connectedAtMs",
      title: say("since"),
      width: 12,
      cell: (one) => dateTime(one.connectedAtMs),
    },
    {
      ...sortable,
      id: "lastPacketReceivedAtMs",
      title: say("lastPacket"),
      width: 8.5,
      cell: (one) => time(one.lastPacketReceivedAtMs),
    },
    {
      ...number,
      id: "messagesReceived",
      title: say("messagesIn"),
      width: 9,
      cell: (one) => count(one.messagesReceived),
    },
    {
      ...number,
      id: "messagesSent",
      title: say("messagesOut"),
      width: 9.5,
      cell: (one) => count(one.messagesSent),
    },
    {
      ...number,
      id: "bytesWaiting",
      title: say("waiting"),
      width: 9,
      cell: (one) => bytes(one.bytesWaiting),
    },
  ];
}

export function ClientsPage() {
  const [clientId, setClientId] = useState("");
  const [userName, setUserName] = useState("");
  return (
    <ListPage
      title={say("clients")}
      path="clients"
      query={{ clientId: useDelayed(clientId), userName: useDelayed(userName) }}
      filters={
        <>
          <TextField
            type="search"
            label={say("filterClientId")}
            value={clientId}
            set={setClientId}
          />
          <TextField
            type="search"
            label={say("filterUserName")}
            value={userName}
            set={setUserName}
          />
        </>
      }
      columns={columns}
      firstOrder={{ sort: "clientId", descending: false }}
      rowKey={(one: ClientItem) => one.clientId}
    />
  );
}
