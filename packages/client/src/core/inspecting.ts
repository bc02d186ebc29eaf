/** How objects show themselves to `util.inspect` of Node, and so to `console.log`. */

type Inspect = (value: unknown, options: unknown) => string;

/** Has Node print the objects of a class with its name and what `toJSON` gives, for fields that are private show nothing. */
export function makeInspectable(prototype: { toJSON(): object }, name: string): void {
  const value = function (
    this: { toJSON(): object },
    _depth: number,
    options: unknown,
    inspect: Inspect,
  ): string {
    return `${name} ${inspect(this.toJSON(), options)}`;
  };
  Object.defineProperty(prototype, Symbol.for("nodejs.util.inspect.custom"), { value });
}
