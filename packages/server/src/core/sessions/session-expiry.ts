/** Session Expiry Interval that means "never". */
export const NEVER_EXPIRES = 0xffffffff;
