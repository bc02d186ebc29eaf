import { optional, toggle } from "../flags/flag.ts";
import type { FlagTable } from "../flags/flag.ts";
import { integer, name } from "../flags/value-parser.ts";

/** The admin API. */
export interface AdminFlags {
  readonly adminPort: number | undefined;
  readonly adminHost: string | undefined;
  readonly adminTokens: string | undefined;
  readonly adminOpenMetrics: boolean;
}

const ADMINISTERING = { group: "Admin API" };

/** Its flags. */
export const ADMIN_FLAGS: FlagTable<AdminFlags> = {
  adminPort: optional(integer(0, 65_535), {
    ...ADMINISTERING,
    help: "serve the admin API, metrics and health by HTTP on this port",
  }),
  adminHost: optional(name("address"), {
    ...ADMINISTERING,
    help: "address of it (default 127.0.0.1)",
  }),
  adminTokens: optional(name("file"), {
    ...ADMINISTERING,
    help: "tokens that may call it, which anax admin token writes; read again at SIGHUP",
  }),
  adminOpenMetrics: toggle({
    ...ADMINISTERING,
    help: "answer /metrics without a token",
  }),
};
