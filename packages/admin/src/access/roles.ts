/** What a token may do, least first: look, change clients and messages, change the server and what it lets in. */
export const ROLES = ["viewer", "operator", "admin"] as const;

/** One of `ROLES`. */
export type Role = (typeof ROLES)[number];

/** Whether `role` may do what `needed` may. */
export function includesRole(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}
