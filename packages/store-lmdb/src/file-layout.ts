import { endianness } from "node:os";

/* How LMDB lays out a file, as far as it is looked at before LMDB is: numbers are in the order of bytes of the machine. */

export const IS_LITTLE_ENDIAN: boolean = endianness() === "LE";
/** Meta pages are at the beginning. */
export const META_PAGES = 2;
/** A header begins each page; what stands in a page is counted from behind it. */
export const PAGE_HEADER_BYTES = 24;
/** In place of a root: the tree is empty. */
export const NO_PAGE = 0xffff_ffff_ffff_ffffn;
export const DEPTH_MAX = 32;
/** Where what stands in a page. */
export const AT = {
  pageNumber: 0,
  pageTransaction: 8,
  flags: 18,
  lower: 20,
  upper: 22,
  /** Of a value that has pages of its own: how many. */
  overflowPages: 20,
  magic: 24,
  version: 28,
  mapBytes: 40,
  freeTree: 48,
  tableTree: 96,
  lastPage: 144,
  transaction: 152,
} as const;
/** And in a tree of a meta page. That of free pages has the size of pages where others have nothing. */
export const TREE = {
  pageBytes: 0,
  flags: 4,
  depth: 6,
  leafPages: 16,
  entries: 32,
  root: 40,
} as const;
export const FLAGS = { branch: 0x01, leaf: 0x02, overflow: 0x04, meta: 0x08 } as const;
/**
 * And in an entry of a page, whose key follows. In a branch the first three are the number of a page, in a leaf the first two the
 * size of the value.
 */
export const ENTRY = { low: 0, high: 2, flags: 4, keyBytes: 6, key: 8 } as const;
/** The value has pages of its own, or it is the root of a tree. */
export const ENTRY_FLAGS = { isLarge: 0x01, isTree: 0x02 } as const;
/** In place of a value that has pages of its own. */
export const LARGE = { firstPage: 0, pages: 16, bytes: 24 } as const;
export const TREE_BYTES = 48;
/** Most that a key may have. */
export const KEY_BYTES_MAX = 1_978;
