import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { say } from "../words/words.ts";

export interface Column<Item> {
  readonly id: string;
  readonly title: string;
  readonly isNumber?: boolean;
  /** In ems. */
  readonly width: number;
  /** Whether the server can sort by it. */
  readonly isSortable?: boolean;
  readonly cell: (item: Item) => ComponentChildren;
}

export interface Order {
  readonly sort: string;
  readonly descending: boolean;
}

const ROW_HEIGHT = 36;
/** Rows that are drawn beyond what is seen. */
const MARGIN = 8;
/** Browsers do not draw elements that are much higher. */
const HEIGHT_MAX = 8_000_000;

/** A table that draws only the rows that are seen. */
export function VirtualTable<Item>({
  label,
  columns,
  items,
  total,
  rowKey,
  order,
  setOrder,
  want,
  isBusy = false,
}: {
  readonly label: string;
  readonly columns: readonly Column<Item>[];
  readonly items: readonly Item[];
  readonly total: number;
  readonly rowKey: (item: Item) => string;
  readonly order?: Order;
  readonly setOrder?: (order: Order) => void;
  readonly want?: (index: number) => void;
  readonly isBusy?: boolean;
}) {
  const place = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const resizing = new ResizeObserver(() => setHeight(element.clientHeight));
    resizing.observe(element);
    return () => resizing.disconnect();
  }, []);
  const all = Math.min(total, Math.floor(HEIGHT_MAX / ROW_HEIGHT));
  const first = Math.max(0, Math.min(all, Math.floor(top / ROW_HEIGHT) - MARGIN));
  const last = Math.min(all, Math.ceil((top + height) / ROW_HEIGHT) + MARGIN);
  useEffect(() => want?.(last), [last, items.length]);
  return (
    <div
      ref={place}
      class="table"
      role="region"
      aria-label={label}
      aria-busy={isBusy}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- the keyboard has to scroll it
      tabIndex={0}
      onScroll={({ currentTarget }) => setTop(currentTarget.scrollTop)}
    >
      <table aria-rowcount={total + 1} aria-label={label}>
        <colgroup>
          {columns.map(({ id, width }) => (
            <col key={id} style={{ width: `${width}em` }} />
          ))}
        </colgroup>
        <thead>
          <tr>
            {columns.map((column) => (
              <Heading key={column.id} column={column} order={order} setOrder={setOrder} />
            ))}
          </tr>
        </thead>
        <tbody>
          <Space rows={first} columns={columns.length} />
          {Array.from({ length: Math.max(0, last - first) }, (_one, offset) => {
            const index = first + offset;
            const item = items[index];
            return item === undefined ? (
              <tr key={`waits ${index}`} aria-rowindex={index + 2}>
                <td colSpan={columns.length} class="soft">
                  {say("loading")}
                </td>
              </tr>
            ) : (
              <Row key={rowKey(item)} item={item} index={index} columns={columns} />
            );
          })}
          <Space rows={all - last} columns={columns.length} />
        </tbody>
      </table>
      {total === 0 && <p class="empty">{say(isBusy ? "loading" : "empty")}</p>}
    </div>
  );
}

function Heading<Item>({
  column: { id, title, isNumber, isSortable },
  order,
  setOrder,
}: {
  readonly column: Column<Item>;
  readonly order: Order | undefined;
  readonly setOrder: ((order: Order) => void) | undefined;
}) {
  const isOrder = order?.sort === id;
  const direction = order?.descending === true ? "descending" : "ascending";
  return (
    <th
      scope="col"
      class={isNumber === true ? "number" : ""}
      aria-sort={isOrder ? direction : undefined}
    >
      {isSortable === true && setOrder !== undefined ? (
        <button
          type="button"
          class="plain"
          onClick={() => setOrder({ sort: id, descending: isOrder && !order.descending })}
        >
          {title}
          <span aria-hidden="true">{isOrder ? (order.descending ? " ▼" : " ▲") : ""}</span>
        </button>
      ) : (
        title
      )}
    </th>
  );
}

function Row<Item>({
  item,
  index,
  columns,
}: {
  readonly item: Item;
  readonly index: number;
  readonly columns: readonly Column<Item>[];
}) {
  return (
    <tr aria-rowindex={index + 2}>
      {columns.map(({ id, isNumber, cell }) => (
        <td key={id} class={isNumber === true ? "number" : ""}>
          {cell(item)}
        </td>
      ))}
    </tr>
  );
}

function Space({ rows, columns }: { readonly rows: number; readonly columns: number }) {
  if (rows <= 0) return null;
  return (
    <tr class="space" aria-hidden="true">
      <td colSpan={columns} style={{ height: `${rows * ROW_HEIGHT}px` }} />
    </tr>
  );
}
