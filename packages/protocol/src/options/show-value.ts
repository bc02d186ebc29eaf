/** How many characters of a text an error shows. */
const CHARACTERS_MAX = 80;

/** A value as an error shows it: text in quotes and escaped, a long one by its beginning and its length. */
export function showValue(value: unknown): string {
  if (typeof value !== "string") return String(value);
  if (value.length <= CHARACTERS_MAX) return JSON.stringify(value);
  return `${JSON.stringify(value.slice(0, CHARACTERS_MAX))}... (${value.length} characters)`;
}
