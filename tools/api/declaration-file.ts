/**
 * Reads the declaration files that the compiler wrote: what each declares, and what each passes on
 * from others. It knows only the regular text that tsc emits, not all of TypeScript.
 */
import { codeOnly } from "../tidy/code-text.ts";

export interface DeclarationFile {
  /** Declarations by name; overloads and merged declarations share a name. */
  readonly declarations: ReadonlyMap<string, readonly string[]>;
  /** What is imported or exported from other files, by its name here. */
  readonly references: ReadonlyMap<string, Reference>;
  /** The names that the file exports. */
  readonly exportedNames: readonly string[];
}

/** Where a name comes from. */
export interface Reference {
  readonly specifier: string;
  /** Its name there. */
  readonly name: string;
}

const DECLARATION =
  /^(export )?(declare )?(abstract )?(const|let|function|class|interface|type|namespace) (\w+)/;
const LIST = /^(import|export)( type)? \{([^}]*)\}( from "([^"]+)")?/;

export function parseDeclarationFile(text: string): DeclarationFile {
  const declarations = new Map<string, string[]>();
  const references = new Map<string, Reference>();
  const exportedNames: string[] = [];
  for (const statement of statementsOf(text)) {
    const declaration = DECLARATION.exec(statement);
    if (declaration !== null) {
      const name = declaration[5] ?? "";
      const known = declarations.get(name) ?? [];
      if (declaration[1] !== undefined && known.length === 0) exportedNames.push(name);
      declarations.set(name, [...known, statement.replace(/^(export )?(declare )?/, "")]);
      continue;
    }
    const [, kind, , names = "", , specifier] = LIST.exec(statement) ?? [];
    for (const { name, alias } of parseNames(names)) {
      if (specifier !== undefined) references.set(alias, { specifier, name });
      if (kind === "export") exportedNames.push(alias);
    }
  }
  return { declarations, references, exportedNames };
}

/** `a, type b as c` as pairs of the name there and the name here. */
function parseNames(list: string): readonly { readonly name: string; readonly alias: string }[] {
  return list
    .split(",")
    .map((entry) => entry.trim().replace(/^type /, ""))
    .filter((entry) => entry !== "")
    .map((entry) => {
      const [name = "", alias = name] = entry.split(" as ");
      return { name, alias };
    });
}

/** The statements at the top level, without comments. */
function statementsOf(text: string): readonly string[] {
  const statements: string[] = [];
  const code = codeOnly(text);
  const bare = withoutComments(text, code);
  let start = 0;
  let depth = 0;
  for (let at = 0; at < code.length; at += 1) {
    const character = code.charAt(at);
    if ("{([".includes(character)) depth += 1;
    if ("})]".includes(character)) depth -= 1;
    if (depth > 0) continue;
    const closesBody = character === "}" && hasBody(code.slice(start, at));
    if (character !== ";" && !closesBody) continue;
    statements.push(withoutEmptyLines(bare.slice(start, at + 1)));
    start = at + 1;
  }
  return statements;
}

/** Such a statement ends with its closing brace; all others end with a semicolon. */
function hasBody(statement: string): boolean {
  return /^\s*(export )?(declare )?(abstract )?(class|interface|namespace)\b/.test(statement);
}

/** Comments are blank in `code`, and so are strings, but those stand between quotes. */
function withoutComments(text: string, code: string): string {
  let out = "";
  let quote = "";
  for (let at = 0; at < text.length; at += 1) {
    const character = code.charAt(at);
    if (quote === "" && /["'`]/.test(character)) quote = character;
    else if (character === quote) quote = "";
    out += quote === "" ? character : text.charAt(at);
  }
  return out;
}

function withoutEmptyLines(statement: string): string {
  return statement
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "")
    .join("\n")
    .trim();
}
