import { memoryUsage } from "node:process";

/** Memory that JavaScript uses in this process, its arrays of bytes included. */
export function heapBytes(): number {
  const { heapUsed, external } = memoryUsage();
  return heapUsed + external;
}
