/**
 * The type of a value in a word: for a primitive or a function what `typeof` says, for an object its class as the platform
 * names it, such as `Object`, `Array`, `Null`, `Uint8Array` or `AbortSignal`.
 *
 * `instanceof` would not know the objects of another realm, in which test runners and frames have theirs.
 */
export function typeName(value: unknown): string {
  const type = typeof value;
  return type === "object" ? Object.prototype.toString.call(value).slice(8, -1) : type;
}
