/** Reads the interfaces of a source file that is formatted as ours are. */

/** One field or method of an interface. */
export interface DeclaredField {
  readonly name: string;
  readonly type: string;
  readonly isReadonly: boolean;
  readonly isOptional: boolean;
  /** Its doc comment, as one line; empty if it has none. */
  readonly comment: string;
}

export interface DeclaredInterface {
  readonly name: string;
  /** Names of those that it extends. */
  readonly extended: readonly string[];
  readonly fields: readonly DeclaredField[];
}

const INTERFACE = /^export interface (\w+)(?:\s+extends ([^{]+?))?\s+\{\n([\s\S]*?)^\}/gm;
const FIELD =
  /^ {2}(?:\/\*\*([\s\S]*?)\*\/\n {2})?(readonly )?(\w+)(\?)?(?::\s+|(?=\())([\s\S]*?);$/gm;

/** The exported interfaces of a source text, in their order. */
export function interfacesIn(text: string): readonly DeclaredInterface[] {
  return [...text.matchAll(INTERFACE)].map(([, name = "", extended = "", body = ""]) => ({
    name,
    extended: extended.split(/,\s*/).filter((base) => /^\w+$/.test(base)),
    fields: fieldsIn(body),
  }));
}

function fieldsIn(body: string): readonly DeclaredField[] {
  return [...body.matchAll(FIELD)].map(
    ([, comment = "", isReadonly, name = "", isOptional, type = ""]) => ({
      name,
      type: type.replace(/\s+/g, " "),
      // A method is nothing to write to.
      isReadonly: isReadonly !== undefined || type.startsWith("("),
      isOptional: isOptional !== undefined,
      comment: plain(comment),
    }),
  );
}

function plain(comment: string): string {
  return comment
    .split("\n")
    .map((line) => line.replace(/^\s*\*?\s?/, "").trim())
    .join(" ")
    .trim();
}
