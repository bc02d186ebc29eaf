import { SeededRandom } from "@anax/testing";
import { mutate } from "./mutation.ts";
import type { Target } from "./targets.ts";

/** What failed, with all that is needed to see it again. */
export class FuzzFault extends Error {
  constructor(target: string, seed: number, input: Uint8Array, cause: unknown) {
    super(
      `${target}, seed ${seed}: ${String(cause)}\n  input ${Buffer.from(input).toString("hex")}`,
      { cause },
    );
  }
}

/** Tries so many inputs that are made of this seed. @throws FuzzFault */
export async function fuzz(
  { name, seeds, run }: Target,
  seed: number,
  count: number,
): Promise<void> {
  const random = new SeededRandom(seed);
  const below = (limit: number): number => random.below(limit);
  for (let tried = 0; tried < count; tried += 1) {
    const input = tried === 0 ? (seeds[0] ?? new Uint8Array(0)) : mutate(seeds, below);
    try {
      const running = run(input, below);
      if (running !== undefined) await running;
    } catch (error) {
      throw new FuzzFault(name, seed, input, error);
    }
  }
}
