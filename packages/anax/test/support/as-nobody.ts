/** Who has no rights but those that everybody has; on systems of this kind by custom. */
const NOBODY = 65_534;

/** Does something as somebody who may not write everywhere: root may, and tests are often run as root. */
export async function asNobody<Result>(use: () => Promise<Result>): Promise<Result> {
  if (process.getuid?.() !== 0) return use();
  process.seteuid?.(NOBODY);
  try {
    return await use();
  } finally {
    process.seteuid?.(0);
  }
}
