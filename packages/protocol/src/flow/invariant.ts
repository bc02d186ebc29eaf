/**
 * What `invariants` of a structure ends in.
 * @throws Error when it does not hold, which is a defect of that structure.
 */
export function requireInvariant(holds: boolean, structure: string): void {
  if (!holds) throw new Error(`${structure} contradicts itself`);
}
