import type { Ban } from "../bans/ban.ts";

/** Keeps the bans of a server while it does not run. */
export interface BanStore {
  /** What was saved last; asked at each start. The start fails with what it rejects with. */
  load(): Promise<readonly Ban[]>;
  /** Called after each change with all bans, one call at a time. */
  save(bans: readonly Ban[]): Promise<void>;
}
