import fc from "fast-check";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type App, openApp } from "../../../src/app.ts";
import { buildFunctions } from "../../../src/artifacts/build.ts";
import { toErrorText, toFailure } from "../../../src/cli/failure.ts";
import { voiceOf } from "../../../src/cli/render/paint.ts";
import { planText } from "../../../src/cli/render/plan.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { FleetlogixError } from "../../../src/errors.ts";
import { virtualClock } from "../../../src/local/core/clock.ts";
import { faultPlan } from "../../../src/local/core/faults.ts";
import { localAws } from "../../support/local-aws.ts";

/**
 * Any text in AWS's answers (tags, descriptions, names, states, policies) is shown, or reported with a code. It never crashes the command
 * and never controls a terminal.
 */
const { config } = loadConfig({ cwd: "/nowhere", variables: {} });
const how = { adopt: false, allowDataLoss: [], wait: true };
const artifacts = buildFunctions(["verify-delivery", "calculate-eta", "route-deviation"]);
const clock = virtualClock();
const faults = faultPlan();
let aws: Awaited<ReturnType<typeof localAws>>;
let app: App;
beforeAll(async () => {
  aws = await localAws({ faults, clock });
  process.env.AWS_ACCESS_KEY_ID = "test";
  process.env.AWS_SECRET_ACCESS_KEY = "test";
  app = await openApp(config, {
    ...{ endpoint: aws.url, local: true, concurrency: 8, clock },
    signal: new AbortController().signal,
    artifacts: () => artifacts,
  });
  expect((await app.apply({ part: "all" }, how, () => {})).error).toBeUndefined();
}, 240_000);
afterEach(() => faults.clear());
afterAll(() => aws.close());

const hostile = fc.oneof(
  fc.constantFrom(
    "\u001b[2J\u001b[31mroot",
    "a\r\nDone: nothing to do",
    "\u009b2J\u202egnp.exe\u2028x",
    "__proto__",
    "{",
    "null",
    "[]",
    "%",
    "%zz",
    "",
    "\u0007".repeat(2_000),
  ),
  fc.string({ unit: "binary", maxLength: 40 }),
);
/** Replaces the selected texts of the answer. */
function replaced(value: unknown, next: () => string | undefined): unknown {
  if (typeof value === "string") return next() ?? value;
  if (Array.isArray(value)) return value.map((item) => replaced(item, next));
  if (value === null || typeof value !== "object" || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaced(item, next)]));
}
const voice = () => {
  const written: string[] = [];
  const stream = { isTTY: true, write: (text: string | Uint8Array) => written.push(String(text)) > 0 };
  return { written, voice: voiceOf(stream, {}, true) };
};
/** Our own colours. The rest of the output must contain no control characters. */
const COLOUR = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, "g");
const steers = (text: string) => /[\p{Cc}\u202a-\u202e\u2028\u2029]/u.test(text.replace(COLOUR, "").replace(/[\n\t]/g, ""));

test("no text in an answer of AWS crashes a read of the stack or controls the terminal", { timeout: 240_000 }, async () => {
  const draws = fc.record({
    texts: fc.array(hostile, { minLength: 1, maxLength: 5 }),
    every: fc.integer({ min: 2, max: 60 }),
    from: fc.nat(60),
  });
  const looks = fc.constantFrom("plan", "status", "audit", "planTeardown" as const);
  await fc.assert(
    fc.asyncProperty(draws, looks, async ({ texts, every, from }, look) => {
      let seen = from;
      const next = () => (seen++ % every === 0 ? texts[seen % texts.length] : undefined);
      faults.clear();
      faults.add({
        times: null,
        fault: {
          kind: "hook",
          after({ service }, output) {
            // The caller's identity is read once, at the beginning of the command.
            if (service !== "sts" && output) Object.assign(output, replaced(output, next));
          },
        },
      });
      const { written, voice: out } = voice();
      try {
        if (look === "plan") out.write(planText(await app.plan({ part: "all" }, how), out.paint, 100));
        else if (look === "planTeardown")
          out.write(planText(await app.planTeardown({ deleteData: true, skipFinalSnapshot: true, wait: true }), out.paint, 100));
        else out.write(JSON.stringify(look === "status" ? await app.status() : await app.audit(), null, 1));
      } catch (error) {
        expect(error).toBeInstanceOf(FleetlogixError);
        expect([(error as FleetlogixError).code, (error as Error).message]).not.toEqual(["INTERNAL", expect.anything()]);
        out.write(
          toErrorText(
            toFailure(error, false, (text) => text),
            out.paint,
            false,
          ),
        );
      }
      expect(steers(written.join(""))).toBe(false);
    }),
    { numRuns: 40, seed: 7 },
  );
});
