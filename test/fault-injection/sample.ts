import { seeded } from "../../src/simulate/random.ts";

/** `sample` of all, evenly, the same for the same seed; all of them without a sample. */
export function chosen<T>(all: readonly T[], sample: number | undefined, seed: number): readonly T[] {
  if (sample === undefined || sample >= all.length) return all;
  const chance = seeded(seed);
  return all
    .map((item) => ({ item, order: chance() }))
    .sort((a, b) => a.order - b.order)
    .slice(0, sample)
    .map(({ item }) => item);
}
