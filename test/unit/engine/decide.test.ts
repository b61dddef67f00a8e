import { expect, test } from "vitest";
import type { Observation, SeenTags } from "../../../src/engine/contract.ts";
import { decide } from "../../../src/engine/decide.ts";
import { STACK, TAGS, type Thing, thing } from "./fake.ts";

const kind = thing(new Map(), { calls: [] });
const holder = thing(new Map(), { calls: [] }, { holdsData: true });
const seen = (tags: SeenTags, value = "1"): Observation<unknown> => ({
  state: "ready",
  tags,
  live: { name: "x", thing: { values: { v: value }, tags, polls: 0 } satisfies Thing },
});
const failed = (tags: SeenTags): Observation<unknown> => ({
  ...(seen(tags) as { live: unknown }),
  state: "failed",
  tags,
  reason: "no disk",
});
const theirs = { "fleetlogix:stack": "Other/dev" };
const no = { adopt: false, allowDataLoss: new Set<string>() };
const want = (v: string) => ({ known: true, value: { values: { v } } }) as const;

const rows: [why: string, typeof kind, ReturnType<typeof want>, Observation<unknown>, typeof no, expected: object][] = [
  ["nothing there", kind, want("1"), { state: "absent" }, no, { action: "create" }],
  ["ours and equal", kind, want("1"), seen(TAGS), no, { action: "keep" }],
  ["ours, with a foreign tag beside ours", kind, want("1"), seen({ ...TAGS, CostCenter: "7" }), no, { action: "keep" }],
  ["part of something of ours", kind, want("1"), seen("inherited"), no, { action: "keep" }],
  ["ours and different", kind, want("2"), seen(TAGS), no, { action: "update", changes: [{ path: "v", from: "1", to: "2" }] }],
  [
    "ours and one tag changed behind our back",
    kind,
    want("1"),
    seen({ ...TAGS, Project: "?" }),
    no,
    { action: "update", changes: [{ path: "tags.Project", from: "?", to: "Fleet" }] },
  ],
  ["another stack's", kind, want("1"), seen(theirs), no, { action: "refuse", code: "OWNER_FOREIGN" }],
  ["nobody's", kind, want("1"), seen({}), no, { action: "refuse", code: "OWNER_FOREIGN" }],
  [
    "nobody's, with adopt: tagged",
    kind,
    want("1"),
    seen({ Project: "Fleet" }),
    { ...no, adopt: true },
    { action: "update", changes: [{ path: "tags.fleetlogix:stack", from: undefined, to: STACK }] },
  ],
  ["a change that needs a new one", kind, want("!2"), seen(TAGS), no, { action: "replace" }],
  ["the same of what holds data", holder, want("!2"), seen(TAGS), no, { action: "refuse", code: "DATA_PROTECTED" }],
  ["the same, allowed by id", holder, want("!2"), seen(TAGS), { ...no, allowDataLoss: new Set(["x"]) }, { action: "replace" }],
  ["ours and failed", kind, want("1"), failed(TAGS), no, { action: "replace" }],
  ["ours, failed, holds data", holder, want("1"), failed(TAGS), no, { action: "update" }],
];
for (const [why, of, spec, observation, policy, expected] of rows) {
  test(`decide: ${why}`, () => {
    const decision = decide({ id: "x", kind: of, label: "x" }, spec, observation, { stack: STACK, tags: TAGS }, policy);
    expect(decision).toMatchObject(expected);
  });
}

test("the decision on a resource that cannot be compared yet is a create, or an update with an unknown value", () => {
  const unknown = { known: false, after: ["api"] } as const;
  const judge = (observation: Observation<unknown>) =>
    decide({ id: "x", kind, label: "x" }, unknown, observation, { stack: STACK, tags: TAGS }, no);
  expect(judge({ state: "absent" })).toEqual({ action: "create" });
  expect(judge(seen(TAGS))).toEqual({
    action: "update",
    changes: [{ path: "(after api)", from: "as it is", to: "known after create" }],
  });
});
