/** What may stand in `words`: one word, or several. */
export type Words = string | number | readonly string[];

/**
 * Arguments of a program, written as in a shell: white space separates them, what is filled in is
 * taken as it is. ``words`-V ${version} -m ${"two words"}` ``
 */
export function words(text: TemplateStringsArray, ...values: readonly Words[]): readonly string[] {
  const result = [""];
  for (const [index, part] of text.entries()) {
    const [first = "", ...rest] = part.split(/\s+/);
    append(result, first);
    result.push(...rest);
    const value = values[index];
    if (Array.isArray(value)) result.push(...value, "");
    else if (value !== undefined) append(result, String(value));
  }
  return result.filter((word) => word !== "");
}

function append(list: string[], ending: string): void {
  list.push((list.pop() ?? "") + ending);
}
