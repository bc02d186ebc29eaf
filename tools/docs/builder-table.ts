/** How the methods of a builder of MQTTnet are written down, so that a test can call each. */

/** A method that is here under its name in camelCase. */
export interface PresentMethod {
  /** Calls it. */
  readonly call: (builder: never) => unknown;
  /** What is then built holds this. */
  readonly builds?: object;
  /** What to know about it. */
  readonly note?: string;
}

/** A method that is not here. */
export interface MissingMethod {
  readonly missing: string;
}

/** The methods of a builder, by their names in MQTTnet. */
export interface BuilderTable {
  readonly entryPoint: "@anax/client/builders" | "@anax/server/builders";
  /** A builder that can build; absent for a builder that is not here. */
  readonly make?: () => object;
  /** What it has built. */
  readonly built?: (builder: never) => unknown;
  readonly methods: Readonly<Record<string, PresentMethod | MissingMethod>>;
}

/** A builder with its methods: each with what is then built, and what to know about it. */
export function present<Builder>(
  entryPoint: BuilderTable["entryPoint"],
  make: () => Builder & { build(): unknown },
  methods: Readonly<
    Record<
      string,
      readonly [call: (builder: Builder) => unknown, builds?: object, note?: string] | MissingMethod
    >
  >,
): BuilderTable {
  const rows = Object.entries(methods).map(([name, row]) => {
    if ("missing" in row) return [name, row];
    const [call, builds, note] = row;
    return [name, { call, ...(builds && { builds }), ...(note && { note }) }];
  });
  return {
    entryPoint,
    make,
    built: (builder: { build(): unknown }) => builder.build(),
    methods: {
      ...Object.fromEntries(rows),
      Build: { call: (builder: { build(): unknown }) => builder.build() },
    },
  };
}

/** A factory has nothing to build: what its methods give is enough. */
export function factory<Factory extends object>(
  entryPoint: BuilderTable["entryPoint"],
  make: () => Factory,
  methods: Readonly<Record<string, ((made: Factory) => unknown) | MissingMethod>>,
): BuilderTable {
  const rows = Object.entries(methods).map(([name, row]) => [
    name,
    typeof row === "function" ? { call: row } : row,
  ]);
  return { entryPoint, make, methods: Object.fromEntries(rows) };
}

export const NOTHING = "nothing to do, but callable";
export const ZERO = "0 is not set";
export const EMPTY = "empty is not set";
