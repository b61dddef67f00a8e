import { expect, test } from "vitest";
import { makePacer } from "../../../src/aws/pacing.ts";
import { virtualClock } from "../engine/fake.ts";

function stage() {
  const clock = virtualClock();
  const waits: [string, number][] = [];
  const { signal } = new AbortController();
  const pace = makePacer({ clock, signal, onWait: (operation, ms) => waits.push([operation, ms]) });
  return { clock, waits, pace };
}

test("one REST API is deleted in thirty seconds, and the wait is reported", async () => {
  const { clock, waits, pace } = stage();
  for (let i = 0; i < 3; i++) await pace("apigateway", "DeleteRestApi");
  expect(clock.t).toBe(60_000);
  expect(waits).toEqual([
    ["apigateway:DeleteRestApi", 30_000],
    ["apigateway:DeleteRestApi", 30_000],
  ]);
});
test("time that has passed since the last call shortens the wait", async () => {
  const { clock, waits, pace } = stage();
  await pace("apigateway", "CreateDeployment");
  clock.t += 5_000;
  await pace("apigateway", "CreateDeployment");
  expect(waits).toEqual([]);
});
test("API Gateway gets forty calls at once, then ten a second", async () => {
  const { clock, pace } = stage();
  for (let i = 0; i < 40; i++) await pace("apigateway", "GetRestApis");
  expect(clock.t).toBe(0);
  for (let i = 0; i < 20; i++) await pace("apigateway", "GetRestApis");
  expect(clock.t).toBe(2_000);
});
test("services without such limits are not slowed", async () => {
  const { clock, pace } = stage();
  for (let i = 0; i < 100; i++) await pace("s3", "PutObject");
  expect(clock.t).toBe(0);
});
