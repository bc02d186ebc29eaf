import { shownBytes } from "./inspecting.ts";

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

/** A copy of a value of plain parts, for handlers: writing into it throws, and its bytes are theirs. */
export function frozenCopy<Part extends object>(part: Part): Part {
  return copyOf(part) as Part;
}

function copyOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) return shownBytes(value);
  if (Array.isArray(value)) return Object.freeze(value.map(copyOf));
  const copy: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(value)) copy[name] = copyOf(inner);
  return Object.freeze(copy);
}
