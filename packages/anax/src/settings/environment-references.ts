import type { Environment } from "./setting-source.ts";

/** A `${NAME}` in a text. `$${` stands for the characters `${`. */
const REFERENCE = /\$(\$\{|\{([A-Za-z_][A-Za-z0-9_]*)\})/g;

/** Replaces each `${NAME}` by the environment variable. Throws `RangeError` that names a variable that is not set. */
export function withEnvironment(text: string, environment: Environment): string {
  return text.replace(REFERENCE, (_whole, rest: string, name: string | undefined) => {
    if (name === undefined) return rest.slice(1);
    const value = environment[name];
    if (value === undefined) throw new RangeError(`the environment variable ${name} is not set`);
    return value;
  });
}
