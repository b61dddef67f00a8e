import { expect, test } from "vitest";
import { killEverywhere } from "../fault-injection/kill/kill.ts";

test("a run after a kill at a writing call gives the same stack", { timeout: 300_000 }, async () => {
  const { scenarios, violations } = await killEverywhere({ sample: 2, seed: 3, lanes: 2, keptData: false, print: () => {} });
  expect(violations).toEqual([]);
  expect(Object.values(scenarios).reduce((sum, count) => sum + count, 0)).toBe(2);
});
