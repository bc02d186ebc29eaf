// Lists of 1000 rules that allow what the load needs: PUBLISH to `x/n/devNNNNN/state`, 1000 devices, and SUBSCRIBE to `x/n/#`.
const numbers = Array.from({ length: 1_000 }, (_none, index) => index);
/** @param {number} index */
const device = (index) => `+/+/dev${String(index).padStart(5, "0")}/state`;
/**
 * @param {number} count
 * @returns {readonly AccessRule[]}
 */
const locked = (count) =>
  numbers.slice(0, count).map((index) => ({ deny: "both", topics: `locked/${index}/+/state` }));

/** @typedef {import("@anax/server").AccessRule} AccessRule */

/**
 * By what a server finds out about the topics of a publisher.
 * @type {Readonly<Record<string, readonly AccessRule[]>>}
 */
export const ACCESS_RULES = {
  // All topics below one level are allowed by one rule.
  "rules-tree": [...locked(999), { allow: "both", topics: "#" }],
  // Below no level all topics are allowed, but all that match one filter are.
  "rules-filter": [
    ...locked(998),
    { allow: "publish", topics: "+/+/+/state" },
    { allow: "subscribe", topics: "#" },
  ],
  // Each topic is allowed by a rule of its own, but for two that have one.
  "rules-topics": [
    ...numbers
      .slice(0, 998)
      .map((index) => /** @type {const} */ ({ allow: "publish", topics: device(index) })),
    { allow: "publish", topics: [device(998), device(999)] },
    { allow: "subscribe", topics: "#" },
  ],
};
