import { seeded } from "../../src/simulate/random.ts";

/** `size` of all items (default: all), in an order that depends on the seed alone: every beginning is an even sample. */
export function sample<T>(all: readonly T[], size: number | undefined, seed: number): readonly T[] {
  const chance = seeded(seed);
  return all
    .map((item) => ({ item, order: chance() }))
    .sort((a, b) => a.order - b.order)
    .slice(0, size)
    .map(({ item }) => item);
}
