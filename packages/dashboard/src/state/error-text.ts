/** What an error says, for the reader. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
