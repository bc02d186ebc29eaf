/**
 * Leaves out fields that are undefined, or null, which data from JSON has in its place: callers may write them so, packets
 * must not have them.
 */

/** The same value, in which whatever is undefined is absent. */
export type Defined<T> = { readonly [Key in keyof T]?: Exclude<T[Key], undefined> };

/** The same value, in which anything may be undefined. */
export type Maybe<T> = { readonly [Key in keyof T]?: T[Key] | undefined };

/** All fields that are neither undefined nor null. */
export function withoutUndefined<T extends object>(value: T): Defined<T> {
  const entries = Object.entries(value).filter(([, field]) => (field ?? undefined) !== undefined);
  return Object.fromEntries(entries) as Defined<T>;
}

/** Those of the named fields that are neither undefined nor null. */
export function pick<T extends object, Name extends keyof T & string>(
  value: T,
  names: readonly Name[],
): Defined<Pick<T, Name>> {
  return withoutUndefined(Object.fromEntries(names.map((name) => [name, value[name]]))) as Defined<
    Pick<T, Name>
  >;
}
