import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { StoreError } from "@anax/server";
import {
  AT,
  DEPTH_MAX,
  FLAGS,
  IS_LITTLE_ENDIAN,
  META_PAGES,
  NO_PAGE,
  PAGE_HEADER_BYTES,
  TREE,
} from "./file-layout.ts";
import { problemOfPages } from "./file-pages.ts";

/*
 * A look at a file before LMDB sees it. LMDB believes what is there: by page numbers and sizes that are wrong it reads and
 * writes beyond its mapping, which ends the process without a word. Two meta pages are at the beginning, of which the one
 * with the higher transaction number counts; each names the roots of two trees, that of free pages and that of tables.
 * What is below those roots is looked at in `file-pages.ts`.
 */

const MAGIC = 0xbeef_c0de;
const DATA_VERSION = 2;
const PAGE_BYTES_MIN = 256;
const PAGE_BYTES_MAX = 65_536;
/** A header of a page, and a meta page's contents. */
const META_BYTES = 168;
/** Of the tree of free pages: its keys are whole numbers (0x08), and the file is one without a directory of its own (0x4000). */
const FREE_TREE_FLAGS = 0x4008;
/** More than a machine can map. */
const MAP_BYTES_MAX = 2n ** 47n;
/** How often a file is looked at that somebody may be writing just now. */
const ATTEMPTS = 5;

interface Tree {
  readonly depth: number;
  readonly leafPages: bigint;
  readonly entries: bigint;
  readonly root: bigint;
}

interface Meta {
  readonly pageBytes: number;
  readonly transaction: bigint;
  readonly lastPage: bigint;
  readonly trees: readonly Tree[];
}

/**
 * Refuses a file that LMDB could not open, or should not.
 * @param isWritten true if another process may be writing to it
 * @throws StoreError `ANAX_STORE_UNREADABLE`
 */
export function refuseUnusableHead(file: string, isWritten: boolean): void {
  const descriptor = openSync(file, "r");
  try {
    const attempts = isWritten ? ATTEMPTS : 1;
    let problem: string | undefined;
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      problem = problemOf(descriptor);
      if (problem === undefined) return;
    }
    throw new StoreError("ANAX_STORE_UNREADABLE", `${file} ${problem}`);
  } finally {
    closeSync(descriptor);
  }
}

/** What is wrong with a file, as the rest of a sentence; undefined if nothing is. */
function problemOf(descriptor: number): string | undefined {
  if (!fstatSync(descriptor).isFile()) return "is not a file";
  const first = metaAt(descriptor, 0, 0);
  if (typeof first === "string") return first;
  const second = metaAt(descriptor, 1, first.pageBytes);
  if (typeof second === "string") return second;
  if (second.pageBytes !== first.pageBytes) return damaged("its pages have two sizes");
  const latest = second.transaction > first.transaction ? second : first;
  // Asked for after the meta page was read: a file grows before that says so.
  const size = BigInt(fstatSync(descriptor).size);
  const expected = (latest.lastPage + 1n) * BigInt(latest.pageBytes);
  if (size < expected) return `is cut off: it has ${size} of ${expected} bytes`;
  for (const tree of latest.trees) {
    const problem = problemOfTree(descriptor, latest, tree);
    if (problem !== undefined) return problem;
  }
  const problem = problemOfPages(descriptor, latest);
  if (problem === undefined || isStill(descriptor, latest)) return problem && damaged(problem);
  // Whoever writes to it uses pages again that are not in use any more: what was found may be those.
  return undefined;
}

/** True if the file still has this state. */
function isStill(descriptor: number, { pageBytes, transaction }: Meta): boolean {
  return [0, pageBytes].every((offset) => {
    const page = bytesAt(descriptor, offset, META_BYTES);
    return page.getBigUint64(AT.transaction, IS_LITTLE_ENDIAN) <= transaction;
  });
}

/** Reads a meta page, or says what is wrong with it. */
function metaAt(descriptor: number, index: number, offset: number): Meta | string {
  const page = bytesAt(descriptor, offset, META_BYTES);
  const u16 = (at: number): number => page.getUint16(at, IS_LITTLE_ENDIAN);
  const u32 = (at: number): number => page.getUint32(at, IS_LITTLE_ENDIAN);
  const u64 = (at: number): bigint => page.getBigUint64(at, IS_LITTLE_ENDIAN);
  if (page.getUint32(AT.magic, !IS_LITTLE_ENDIAN) === MAGIC) {
    return "was written on a machine with another order of bytes";
  }
  if (u32(AT.magic) !== MAGIC) {
    return index === 0 ? "is not a file of LMDB" : damaged("its second page is not of LMDB");
  }
  // The upper half has flags.
  const version = u32(AT.version) & 0xffff;
  if (version !== DATA_VERSION) {
    return `has version ${version} of LMDB's format, and this version of Anax reads ${DATA_VERSION}`;
  }
  const pageBytes = u32(AT.freeTree + TREE.pageBytes);
  if (!isPageSize(pageBytes)) return damaged(`its pages have ${pageBytes} bytes`);
  const meta: Meta = {
    pageBytes,
    transaction: u64(AT.transaction),
    lastPage: u64(AT.lastPage),
    trees: [AT.freeTree, AT.tableTree].map((at) => ({
      depth: u16(at + TREE.depth),
      leafPages: u64(at + TREE.leafPages),
      entries: u64(at + TREE.entries),
      root: u64(at + TREE.root),
    })),
  };
  const isPlausible =
    u64(AT.pageNumber) === BigInt(index) &&
    u16(AT.flags) === FLAGS.meta &&
    u16(AT.freeTree + TREE.flags) === FREE_TREE_FLAGS &&
    u16(AT.tableTree + TREE.flags) === 0 &&
    u64(AT.mapBytes) <= MAP_BYTES_MAX &&
    meta.lastPage < MAP_BYTES_MAX / BigInt(pageBytes) &&
    meta.trees.every((tree) => isPlausibleTree(tree, meta.lastPage));
  return isPlausible ? meta : damaged(`meta page ${index} contradicts itself`);
}

function isPageSize(bytes: number): boolean {
  return bytes >= PAGE_BYTES_MIN && bytes <= PAGE_BYTES_MAX && Number.isInteger(Math.log2(bytes));
}

function isPlausibleTree({ depth, leafPages, entries, root }: Tree, lastPage: bigint): boolean {
  if (root === NO_PAGE) return depth === 0 && entries === 0n;
  const isPage = root >= BigInt(META_PAGES) && root <= lastPage;
  const hasLeaves = depth === 1 ? leafPages === 1n : leafPages > 1n && leafPages <= lastPage;
  return isPage && hasLeaves && depth > 0 && depth <= DEPTH_MAX && entries >= leafPages;
}

/** Looks at the root of a tree: the last page that can be found without knowing what is in the others. */
function problemOfTree(
  descriptor: number,
  { pageBytes, transaction }: Meta,
  { depth, entries, root }: Tree,
): string | undefined {
  if (root === NO_PAGE) return undefined;
  const page = bytesAt(descriptor, Number(root) * pageBytes, PAGE_HEADER_BYTES);
  const lower = page.getUint16(AT.lower, IS_LITTLE_ENDIAN);
  const upper = page.getUint16(AT.upper, IS_LITTLE_ENDIAN);
  const keys = lower / 2;
  const isRoot =
    page.getBigUint64(AT.pageNumber, IS_LITTLE_ENDIAN) === root &&
    // What was written after this state of the file belongs to another one.
    page.getBigUint64(AT.pageTransaction, IS_LITTLE_ENDIAN) <= transaction &&
    page.getUint16(AT.flags, IS_LITTLE_ENDIAN) === (depth === 1 ? FLAGS.leaf : FLAGS.branch) &&
    (depth === 1 ? BigInt(keys) === entries : keys >= 2) &&
    lower <= upper &&
    upper <= pageBytes - PAGE_HEADER_BYTES;
  return isRoot ? undefined : damaged(`page ${root} is not the root that it should be`);
}

/** Bytes of the file; zeros where it has ended. */
function bytesAt(descriptor: number, offset: number, length: number): DataView {
  const bytes = new DataView(new ArrayBuffer(length));
  readSync(descriptor, bytes, 0, length, offset);
  return bytes;
}

function damaged(what: string): string {
  return `is damaged: ${what}`;
}
