import type { ClientAccess } from "../access/client-access.ts";
import type { Published } from "../message/published.ts";

/** Whether a store without room may refuse the message: not what the server owes already, as the Will of a stored session. */
export type Urgency = "refusable" | "owed";

/** What whoever publishes a message asks for beside it. */
export interface Terms {
  readonly urgency: Urgency;
  /** True if it cannot be received without a store that takes something, whoever its receivers are. */
  readonly needsStore: boolean;
  /** What is to be asked whether it may be published; absent if that needs not be asked. */
  readonly access?: ClientAccess | undefined;
  /** True for a Will: it waits for room as others do, but keeps nobody waiting. */
  readonly isOwed?: boolean;
  /** Called in the step that records the message: what is written down in it is in the same commit. */
  record(published: Published): void;
}
