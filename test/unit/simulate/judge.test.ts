import { expect, test } from "vitest";
import { type Call, drive } from "../../../src/simulate/drive.ts";
import { type Expectation, expectedFixes } from "../../../src/simulate/model.ts";
import { makePlan } from "../../../src/simulate/plan.ts";
import { newTally } from "../../../src/simulate/report.ts";

const PLAN = { ...makePlan({ vehicles: 3, minutes: 0.1, interval: 0.01, seed: 4, rate: 1000 }, 1_790_000_000_000), stepMs: 0 };

/** The model's expected answer to each event, by the body of the event. */
const EXPECTED = new Map<unknown, Expectation>(
  PLAN.trips.flatMap((trip) => [...expectedFixes(trip).answers].map(([event, expectation]) => [event.body, expectation] as const)),
);

/** The expected answer. The second copy of a doubled event is a duplicate. */
function answerTo(body: unknown, seen: Set<unknown>) {
  const { status, duplicate, reasons, clock } = EXPECTED.get(body) as Expectation;
  const isAgain = seen.has(body);
  seen.add(body);
  if (status !== 200) return { status, error: {} };
  const reason = duplicate || isAgain ? null : (reasons[0] ?? null);
  return { status, applied: reason === null && !duplicate && !isAgain, reason, duplicate: duplicate || isAgain, time_source: clock };
}

type Answered = ReturnType<typeof answerTo>;

/** Drives the plan against an API with the expected answers. `spoil` changes one of them. */
async function driveAgainst(spoil: (answer: Answered, expected: Expectation) => Answered | undefined) {
  const seen = new Set<unknown>();
  let isSpoilt = false;
  const answered = (body: unknown): Answered => {
    const answer = answerTo(body, seen);
    const other = isSpoilt || answer.duplicate ? undefined : spoil(answer, EXPECTED.get(body) as Expectation);
    if (other === undefined) return answer;
    isSpoilt = true;
    return other;
  };
  const call: Call = async (method, _, body) => {
    if (method === "PUT") return { status: 200, body: {}, attempts: 1 };
    const { events } = body as { readonly events?: readonly unknown[] };
    if (events !== undefined) return { status: 200, body: { results: events.map(answered) }, attempts: 1 };
    const answer = answered(body);
    return { status: answer.status, body: answer, attempts: 1 };
  };
  const tally = newTally();
  await drive(PLAN, call, tally, new AbortController().signal);
  expect(isSpoilt).toBe(spoil !== nothing);
  return tally;
}
const nothing = () => undefined;

test("a correct API gives no error, and all answers are counted", async () => {
  const tally = await driveAgainst(nothing);
  expect(tally.errors).toEqual([]);
  expect(tally.sent).toBe(tally.planned);
  expect(tally.accepted + tally.refused).toBe(tally.sent);
  for (const counted of ["late", "final", "duplicates", "implausible", "adjusted", "refused", "batches"] as const) {
    expect(tally[counted]).toBeGreaterThan(0);
  }
});

const FAULTS: Readonly<Record<string, Parameters<typeof driveAgainst>[0]>> = {
  "a good fix is refused": (_, { status }) => (status === 200 ? { status: 400, error: {} } : undefined),
  "a good fix is called implausible": (answer, { status, reasons }) =>
    status === 200 && reasons.length === 0 ? ({ ...answer, applied: false, reason: "implausible" } as Answered) : undefined,
  "a fix that cannot be true is applied": (answer, { reasons }) =>
    reasons.includes("implausible") ? ({ ...answer, applied: true, reason: null } as Answered) : undefined,
  "a late one is applied": (answer, { reasons }) =>
    reasons[0] === "late" ? ({ ...answer, applied: true, reason: null } as Answered) : undefined,
  "an update after the end is applied": (answer, { reasons }) =>
    reasons.includes("final") ? ({ ...answer, applied: true, reason: null } as Answered) : undefined,
  "an event of its own is called a duplicate": (answer, { status }) =>
    status === 200 ? ({ ...answer, duplicate: true } as Answered) : undefined,
  "a wrong clock is believed": (answer, { clock }) => (clock === "server" ? ({ ...answer, time_source: "client" } as Answered) : undefined),
  "a right clock is not believed": (answer, { clock, status }) =>
    clock === "client" && status === 200 ? ({ ...answer, time_source: "server" } as Answered) : undefined,
  "the id of another event is taken": (_, { status }) => (status === 409 ? ({ status: 200, applied: true } as Answered) : undefined),
  "a body that nobody can take is taken": (_, { status }) => (status === 400 ? ({ status: 200, applied: true } as Answered) : undefined),
};

test.each(Object.keys(FAULTS))("the check reports that %s", async (name) => {
  const { errors } = await driveAgainst(FAULTS[name] as Parameters<typeof driveAgainst>[0]);
  expect(errors).toHaveLength(1);
});
