import { StoreError } from "@anax/server";
import type { StoreErrorCode } from "@anax/server";

/** Errors that say: there is no room. LMDB gives the numbers of the system, and its own for a full map. */
const NO_ROOM: ReadonlySet<string | number> = new Set([
  "ENOSPC",
  "EDQUOT",
  "EFBIG",
  28, // ENOSPC
  122, // EDQUOT on Linux
  69, // EDQUOT on macOS
  27, // EFBIG
  112, // ERROR_DISK_FULL on Windows
  -30_792, // MDB_MAP_FULL
]);
const IO_ERROR = 5;
const NO_ACCESS: ReadonlySet<string | number> = new Set(["EACCES", "EPERM", "EROFS", 13, 1, 30]);

/** The `code` of a system's or LMDB's error. */
export function errorCode(error: unknown): string | number | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  const { code } = error;
  return typeof code === "string" || typeof code === "number" ? code : undefined;
}

/** What kept a store from opening, which was to be written or only to be read. */
export function openingFailure(
  path: string,
  error: unknown,
  access: "written" | "read" = "written",
): StoreError {
  if (error instanceof StoreError) return error;
  const code = errorCode(error) ?? "";
  const reason = error instanceof Error ? error.message : String(error);
  const failure = (storeCode: StoreErrorCode, text: string): StoreError =>
    new StoreError(storeCode, text, { cause: error });
  if (NO_ROOM.has(code)) return failure("ANAX_STORE_FULL", `no room for the store in ${path}`);
  if (NO_ACCESS.has(code) && access === "written") {
    return failure("ANAX_STORE_UNWRITABLE", `${path} cannot be written: ${reason}`);
  }
  return failure("ANAX_STORE_UNREADABLE", `${path} cannot be read as a store: ${reason}`);
}

/** What LMDB says of a file that it found damaged while it was read; whatever else a visitor throws is its own affair. */
export function readingFailure(path: string, error: unknown): unknown {
  return typeof errorCode(error) === "number" ? openingFailure(path, error, "read") : error;
}

/**
 * What kept a transaction from being committed. LMDB hides the reason behind a promise of its own, and says "I/O error"
 * where the system wrote less than it was asked to: whether there was room for it is the caller's to know.
 */
export async function commitFailure(
  path: string,
  error: unknown,
  isDiskFull: boolean,
): Promise<StoreError> {
  const cause = await reasonOf(error);
  const code = errorCode(cause) ?? "";
  if (NO_ROOM.has(code) || (code === IO_ERROR && isDiskFull)) {
    return new StoreError("ANAX_STORE_FULL", `no room for more in ${path}`, { cause });
  }
  const text = cause instanceof Error ? cause.message : String(cause);
  return new StoreError("ANAX_STORE_FAILED", `the store in ${path} has failed: ${text}`, { cause });
}

async function reasonOf(error: unknown): Promise<unknown> {
  if (typeof error !== "object" || error === null || !("commitError" in error)) return error;
  try {
    return (await error.commitError) ?? error;
  } catch (reason) {
    return reason;
  }
}
