import { expect, test } from "vitest";
import { aroundDifference, differencesOf, isSecurity } from "../../../src/cli/render/difference.ts";
import { planMarkdown } from "../../../src/cli/render/plan-markdown.ts";
import { PLAN } from "./layout-samples.ts";

const told = (from: unknown, to: unknown) => differencesOf([{ path: "p", from, to }]).map(({ path, from: a, to: b }) => [path, a, b]);

test("a difference has its deepest path, and values that are equal for the engine have none", () => {
  const rule = { ID: "raw", Days: 90, Filter: { Prefix: "raw/" } };
  const same = { Filter: { Prefix: "raw/" }, Days: 90, ID: "raw" };
  expect(told({ rules: [rule], on: false, off: null }, { on: true, rules: [same] })).toEqual([["p.on", false, true]]);
  expect(told([rule, { ID: "b", Days: 1 }], [{ ID: "b", Days: 2 }, same])).toEqual([["p[b].Days", 1, 2]]);
  expect(told(["a", "b"], ["b", "c"])).toEqual([
    ["p[-]", "a", undefined],
    ["p[+]", undefined, "c"],
  ]);
  // The engine reports a change, so the output must show one.
  expect(told(["a", "b"], ["b", "a"])).toEqual([["p", ["a", "b"], ["b", "a"]]]);
});

test("the deepest path comes first", () => {
  const changes = [
    { path: "a", from: 1, to: 2 },
    { path: "b", from: { c: { d: 1 } }, to: { c: { d: 2 } } },
  ];
  expect(differencesOf(changes).map(({ path }) => path)).toEqual(["b.c.d", "a"]);
});

test("long values are cut to where they differ", () => {
  const long = (middle: string) => `${"x".repeat(100)}${middle}${"y".repeat(100)}`;
  const [before, after] = aroundDifference(long("OLD"), long("NEWER"), 40);
  expect(before).toBe("…xxxxxxxxxxOLDyyyyyyyyyy…");
  expect(after).toBe("…xxxxxxxxxxNEWERyyyyyyyyyy…");
  expect(aroundDifference("a", "b", 40)).toEqual(["a", "b"]);
});

test.each([
  ["s3.bucket", "policy.Statement[0].Effect", true],
  ["rds.instance", "publiclyAccessible", true],
  ["ec2.security-group", "ingress", true],
  ["ec2.security-group", "tags.Project", false],
  ["lambda.function", "memoryMb", false],
])("%s %s: security %s", (kind, path, expected) => expect(isSecurity(kind, path)).toBe(expected));

test("Markdown is a table for a pull request that no name can break", () => {
  const evil = { id: "x", kind: "sns.topic", name: "a|b <img> `c`", decision: { action: "create" } } as const;
  const text = planMarkdown({ resources: [evil, ...PLAN.resources], cost: PLAN.cost }, "FleetLogix/dev");
  expect(text).toMatchSnapshot();
  const cells = text.split("\n").filter((line) => line.startsWith("|"));
  expect(cells.map((line) => line.match(/(?<!\\)\|/g)?.length)).toEqual(cells.map(() => 4));
});
