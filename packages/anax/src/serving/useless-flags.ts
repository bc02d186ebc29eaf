import { SERVER_DEFAULTS } from "@anax/server";
import { UsageError } from "../errors.ts";
import { requireAdminFlags } from "./admin-api.ts";
import { isAuthenticating } from "./authentication-options.ts";
import type { ServeFlags } from "./serve-flags.ts";
import { requireTelemetryFlags } from "./telemetry.ts";

/** Throws `UsageError` for a flag that would do nothing beside the others; `listenerSettings` does for those of listeners. */
export function requireUse(flags: ServeFlags): void {
  requireAdminFlags(flags);
  requireTelemetryFlags(flags);
  requireUsers(flags);
  requireRetaining(flags);
  const { durability, dataDir, noStoreWills, noSys, sysInterval, logFile } = flags;
  if (durability === "memory" && dataDir !== undefined)
    throw new UsageError("--data-dir has nothing to keep with --durability memory");
  if (durability === "memory" && noStoreWills)
    throw new UsageError("--no-store-wills has nothing to leave out with --durability memory");
  if (noSys && sysInterval !== undefined)
    throw new UsageError("--sys-interval has nothing to publish with --no-sys");
  const { rate, rateBurst, whenTooFast } = flags;
  if (rate.length === 0 && (rateBurst !== 2 || whenTooFast !== "slower"))
    throw new UsageError("--rate-burst and --when-too-fast need --rate");
  if (logFile === undefined && (flags.logFileSize ?? flags.logFiles) !== undefined)
    throw new UsageError("--log-file-size and --log-files need --log-file");
}

/** Where nobody is asked who a client is, all are let in, and sessions belong to nobody. */
function requireUsers(flags: ServeFlags): void {
  if (isAuthenticating(flags)) return;
  const users = "needs --user, --password-file or --authenticator; without them";
  if (flags.allowAnonymous) throw new UsageError(`--allow-anonymous ${users} everybody is let in`);
  if (flags.shareSessions.length > 0)
    throw new UsageError(`--share-sessions ${users} sessions belong to nobody`);
}

/** A limit that is given as it is by default is not known from one that is not given. */
function requireRetaining(flags: ServeFlags): void {
  if (!flags.noRetain) return;
  const { retainedMessagesMax, retainedBytesMax, retainedSharePercent } = SERVER_DEFAULTS;
  // Of users and addresses; the server and its operator have no share.
  if (flags.maxRetainedShare !== retainedSharePercent)
    throw new UsageError("--max-retained-share has nothing to share with --no-retain");
  // The server itself retains its $SYS topics, and what the admin API sets.
  if (!flags.noSys || flags.adminPort !== undefined) return;
  if (flags.maxRetained !== retainedMessagesMax || flags.maxRetainedBytes !== retainedBytesMax) {
    const limits = "--max-retained and --max-retained-bytes";
    throw new UsageError(`${limits} have nothing to limit with --no-retain and --no-sys`);
  }
}
