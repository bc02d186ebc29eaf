import { useState } from "preact/hooks";
import { TextField } from "../parts/field.tsx";
import type { Column } from "../parts/virtual-table.tsx";
import { useDelayed } from "../state/delayed.ts";
import { clientAddress } from "../state/route.ts";
import { say } from "../words/words.ts";
import { ListPage } from "./list-page.tsx";

export interface SubscriptionItem {
  readonly topicFilter: string;
  readonly qos: number;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly retainHandling: number;
  readonly subscriptionIdentifier?: number;
}

interface SubscribedItem extends SubscriptionItem {
  readonly clientId: string;
}

/** The options that are not as they are by default. */
export function optionsOf(one: SubscriptionItem): string {
  const { noLocal, retainAsPublished, retainHandling, subscriptionIdentifier } = one;
  return [
    ...(noLocal ? [say("noLocal")] : []),
    ...(retainAsPublished ? [say("retainAsPublished")] : []),
    ...(retainHandling > 0 ? [`${say("retainHandling")} ${retainHandling}`] : []),
    ...(subscriptionIdentifier === undefined
      ? []
      : [`${say("subscriptionIdentifier")} ${subscriptionIdentifier}`]),
  ].join(", ");
}

function columns(): readonly Column<SubscribedItem>[] {
  return [
    {
      id: "topicFilter",
      isSortable: true,
      title: say("topicFilter"),
      width: 22,
      cell: (one) => one.topicFilter,
    },
    {
      id: "clientId",
      isSortable: true,
      title: say("clientId"),
      width: 16,
      cell: ({ clientId }) => <a href={clientAddress(clientId)}>{clientId}</a>,
    },
    { id: "qos", isSortable: true, title: say("qos"), width: 5, cell: (one) => one.qos },
    { id: "options", title: say("options"), width: 18, cell: optionsOf },
  ];
}

export function SubscriptionsPage() {
  const [clientId, setClientId] = useState("");
  const [topicFilter, setTopicFilter] = useState("");
  const [receives, setReceives] = useState("");
  return (
    <ListPage
      title={say("subscriptions")}
      path="subscriptions"
      query={{
        clientId: useDelayed(clientId),
        topicFilter: useDelayed(topicFilter),
        receives: useDelayed(receives),
      }}
      filters={
        <>
          <TextField
            type="search"
            label={say("filterTopicFilter")}
            value={topicFilter}
            set={setTopicFilter}
          />
          <TextField
            type="search"
            label={say("filterClientId")}
            value={clientId}
            set={setClientId}
          />
          <TextField
            type="search"
            label={say("filterReceives")}
            value={receives}
            set={setReceives}
          />
        </>
      }
      columns={columns}
      firstOrder={{ sort: "topicFilter", descending: false }}
      rowKey={(one: SubscribedItem) => `${one.clientId} ${one.topicFilter}`}
    />
  );
}
