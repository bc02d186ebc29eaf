/**
 * Finds the examples of a Markdown page: a comment with a name, a block of code, and where the page
 * says so, what the code prints: a line that ends with "prints", and a block of `text`.
 *
 *     <!-- example: client -->
 *
 *     ```ts
 *     ...
 *     ```
 */

export interface ReadmeExample {
  readonly name: string;
  readonly language: string;
  readonly code: string;
  /** What running it prints, if the page says so. */
  readonly output: string | undefined;
}

const MARK = /<!-- example: ([\w-]+) -->/g;

/** @throws Error if no code follows a mark, or if two examples have one name */
export function readmeExamples(markdown: string): ReadonlyMap<string, ReadmeExample> {
  const examples = new Map<string, ReadmeExample>();
  for (const mark of markdown.matchAll(MARK)) {
    const name = mark[1] ?? "";
    if (examples.has(name)) throw new Error(`there are two examples "${name}"`);
    examples.set(name, readExample(name, markdown, mark.index + mark[0].length));
  }
  return examples;
}

function readExample(name: string, markdown: string, start: number): ReadmeExample {
  const block = /\s*^```(\w+)\n([\s\S]*?)^```$/my;
  block.lastIndex = start;
  const [, language = "", code = ""] = block.exec(markdown) ?? [];
  if (code === "") throw new Error(`no code follows the example "${name}"`);
  const output = /\n\n[^\n]*prints\n\n```text\n([\s\S]*?)^```$/my;
  output.lastIndex = block.lastIndex;
  return { name, language, code, output: output.exec(markdown)?.[1] };
}
