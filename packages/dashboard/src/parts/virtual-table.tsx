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
  itemAt,
  total,
  rowKey,
  order,
  setOrder,
  want,
  listKey = label,
  isBusy = false,
}: {
  readonly label: string;
  readonly columns: readonly Column<Item>[];
  /** Undefined: not there yet; null: gone. */
  readonly itemAt: (index: number) => Item | null | undefined;
  readonly total: number;
  readonly rowKey: (item: Item) => string;
  readonly order?: Order;
  readonly setOrder?: (order: Order) => void;
  /** Told of the rows that are drawn, from the first up to `end`. */
  readonly want?: (first: number, end: number) => void;
  /** Another one: the table shows another list, from its top. */
  readonly listKey?: string;
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
  useEffect(() => place.current?.scrollTo(0, 0), [listKey]);
  const { first, end, before, after } = drawnRows(total, top, height - ROW_HEIGHT);
  useEffect(() => want?.(first, end), [first, end, listKey]);
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
          <Space height={before} columns={columns.length} />
          {Array.from({ length: end - first }, (_one, offset) => {
            const index = first + offset;
            const item = itemAt(index);
            return item === undefined || item === null ? (
              <tr key={`waits ${index}`} aria-rowindex={index + 2}>
                <td colSpan={columns.length} class="soft">
                  {say(item === null ? "gone" : "loading")}
                </td>
              </tr>
            ) : (
              <Row key={rowKey(item)} item={item} index={index} columns={columns} />
            );
          })}
          <Space height={after} columns={columns.length} />
        </tbody>
      </table>
      {total === 0 && <p class="empty">{say(isBusy ? "loading" : "empty")}</p>}
    </div>
  );
}

/**
 * Which rows are drawn, and the height of what is not. Of a list that is higher than browsers draw, the scroll bar goes over more rows
 * with each pixel.
 */
function drawnRows(total: number, top: number, height: number) {
  const whole = Math.min(total * ROW_HEIGHT, HEIGHT_MAX);
  const seen = height / ROW_HEIGHT;
  const part = whole > height ? Math.min(1, top / (whole - height)) : 0;
  /** The row at the top, and how much of it is above. */
  const topRow = part * Math.max(0, total - seen);
  const first = Math.max(0, Math.floor(topRow) - MARGIN);
  const end = Math.min(total, Math.ceil(topRow + seen) + MARGIN);
  const before = Math.max(0, part * (whole - height) - (topRow - first) * ROW_HEIGHT);
  return { first, end, before, after: whole - before - (end - first) * ROW_HEIGHT };
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

function Space({ height, columns }: { readonly height: number; readonly columns: number }) {
  if (height <= 0) return null;
  return (
    <tr class="space" aria-hidden="true">
      <td colSpan={columns} style={{ height: `${height}px` }} />
    </tr>
  );
}
