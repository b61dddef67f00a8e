import { afterAll, beforeAll, expect, test } from "vitest";
import { load, UNLIMITED } from "../../scripts/load.ts";
import { type Deployed, deploy } from "./deployed.ts";

let api: Deployed;
beforeAll(async () => {
  api = await deploy(UNLIMITED);
});
afterAll(() => api?.close());

test("twenty vehicles with a message a second get no refusal, no wrong state and no duplicate", { timeout: 240_000 }, async () => {
  const { numbers, problems } = await load(api, { vehicles: 20, minutes: 0.1, seed: 5 });
  expect(problems).toEqual([]);
  expect(numbers).toMatchObject({ accepted: numbers.sent - numbers.refused, errors: 0, refusals: {} });
  expect(numbers.alerts).toBeGreaterThan(0);
});
