import { useState } from "preact/hooks";
import { ConfirmButton } from "../parts/confirm-button.tsx";
import { TextField } from "../parts/field.tsx";
import { briefOf } from "../parts/payload-view.tsx";
import type { Column } from "../parts/virtual-table.tsx";
import { useDelayed } from "../state/delayed.ts";
import { payloadOf } from "../state/payload.ts";
import type { MessageItem } from "../state/payload.ts";
import { queryOf } from "../state/query.ts";
import { mayOperate, request } from "../state/session.ts";
import { bytes, say } from "../words/words.ts";
import { ListPage } from "./list-page.tsx";

function columns(reload: () => void): readonly Column<MessageItem>[] {
  const shown: Column<MessageItem>[] = [
    { id: "topic", isSortable: true, title: say("topic"), width: 20, cell: (one) => one.topic },
    {
      id: "payload",
      title: say("payload"),
      width: 24,
      cell: (one) => <code>{briefOf(payloadOf(one), one.payloadBytes)}</code>,
    },
    {
      id: "payloadBytes",
      isSortable: true,
      isNumber: true,
      title: say("size"),
      width: 6,
      cell: (one) => bytes(one.payloadBytes),
    },
    { id: "qos", title: say("qos"), width: 4, cell: (one) => one.qos },
  ];
  if (!mayOperate()) return shown;
  return [
    ...shown,
    {
      id: "delete",
      title: say("deleteRetained"),
      width: 7,
      cell: ({ topic }) => (
        <ConfirmButton
          label={say("deleteRetained")}
          question={say("deleteRetainedAsk", { name: topic })}
          act={async () => {
            await request("DELETE", `retained/message${queryOf({ topic })}`);
            reload();
          }}
        />
      ),
    },
  ];
}

export function RetainedPage() {
  const [topicPart, setTopicPart] = useState("");
  return (
    <ListPage
      title={say("retained")}
      path="retained"
      query={{ topicPart: useDelayed(topicPart), payloadBytesMax: 160 }}
      filters={
        <TextField type="search" label={say("filterTopic")} value={topicPart} set={setTopicPart} />
      }
      columns={columns}
      firstOrder={{ sort: "topic", descending: false }}
      rowKey={(one: MessageItem) => one.topic}
    />
  );
}
