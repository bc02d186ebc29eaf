/** A query string of what is given. */
export function queryOf(
  given: Readonly<Record<string, string | number | boolean | undefined>>,
): string {
  const parts = Object.entries(given).flatMap(([name, value]) =>
    value === undefined || value === "" ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return parts.length === 0 ? "" : `?${parts.join("&")}`;
}
