import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { VirtualTable } from "../parts/virtual-table.tsx";
import type { Column, Order } from "../parts/virtual-table.tsx";
import { usePagedList } from "../state/paged-list.ts";
import { count, say } from "../words/words.ts";

/** A list of the server: its filters, and a table of it. */
export function ListPage<Item>({
  title,
  path,
  query,
  filters,
  columns,
  firstOrder,
  rowKey,
}: {
  readonly title: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly filters: ComponentChildren;
  readonly columns: (reload: () => void) => readonly Column<Item>[];
  readonly firstOrder: Order;
  readonly rowKey: (item: Item) => string;
}) {
  const [order, setOrder] = useState(firstOrder);
  const list = usePagedList<Item>(path, { ...query, ...order });
  return (
    <div class="list-page">
      <h1>{title}</h1>
      <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
        {filters}
        <button type="button" onClick={list.reload}>
          {say("reload")}
        </button>
        <output class="soft">
          {list.isLoading ? say("loading") : say("rows", { count: count(list.total) })}
        </output>
      </form>
      {list.error !== undefined && <p role="alert">{list.error}</p>}
      <VirtualTable
        label={title}
        columns={columns(list.reload)}
        itemAt={list.itemAt}
        total={list.total}
        rowKey={rowKey}
        order={order}
        setOrder={setOrder}
        want={list.want}
        listKey={list.key}
        isBusy={list.isLoading}
      />
    </div>
  );
}
