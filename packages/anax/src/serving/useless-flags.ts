import { UsageError } from "../errors.ts";
import { requireAdminFlags } from "./admin-api.ts";
import type { ServeFlags } from "./serve-flags.ts";

/** Throws `UsageError` for a flag that would do nothing beside the others; `listenerSettings` does for those of listeners. */
export function requireUse(flags: ServeFlags): void {
  requireAdminFlags(flags);
  const { durability, dataDir, noStoreWills, noSys, sysInterval, logFile } = flags;
  if (durability === "memory" && dataDir !== undefined)
    throw new UsageError("--data-dir has nothing to keep with --durability memory");
  if (durability === "memory" && noStoreWills)
    throw new UsageError("--no-store-wills has nothing to leave out with --durability memory");
  if (noSys && sysInterval !== undefined)
    throw new UsageError("--sys-interval has nothing to publish with --no-sys");
  if (logFile === undefined && (flags.logFileSize ?? flags.logFiles) !== undefined)
    throw new UsageError("--log-file-size and --log-files need --log-file");
}
