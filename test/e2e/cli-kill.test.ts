import { expect, test } from "vitest";
import { killEverywhere } from "../fault-injection/kill/kill.ts";

test("killed at any of these calls, the real command run again gives the same stack", { timeout: 300_000 }, async () => {
  const { kills, violations } = await killEverywhere({ sample: 2, seed: 3, lanes: 2, lives: false, say: () => {} });
  expect(violations).toEqual([]);
  expect(Object.values(kills).reduce((sum, count) => sum + count, 0)).toBe(2);
});
