/** Makes a value of plain parts such that writing into it throws; gives it back. */
export function frozen<Part extends object>(part: Part): Part {
  // Bytes cannot be frozen; what handlers get of them is a copy.
  if (part instanceof Uint8Array || Object.isFrozen(part)) return part;
  Object.freeze(part);
  for (const inner of Object.values(part) as unknown[]) {
    if (typeof inner === "object" && inner !== null) frozen(inner);
  }
  return part;
}
