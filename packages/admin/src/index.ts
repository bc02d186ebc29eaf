/** `@anax/admin`: an API to look into a server and to change it, and its metrics. */
export { createAdmin } from "./admin.ts";
export type { Admin, AdminChange, AdminOptions } from "./admin.ts";
export type { BrowserRules } from "./access/browser-guards.ts";
export { ROLES } from "./access/roles.ts";
export type { Role } from "./access/roles.ts";
export { newToken, TokenFile } from "./access/tokens.ts";
export type { NewToken, TokenHolder } from "./access/tokens.ts";
export { openApi } from "./api/open-api.ts";
export { METRICS } from "./metrics/metric-table.ts";
export type { Measured, Metric, Sample } from "./metrics/metric-table.ts";
export { listenAdmin } from "./node/admin-listener.ts";
export type { AdminListener, AdminListenerOptions } from "./node/admin-listener.ts";
