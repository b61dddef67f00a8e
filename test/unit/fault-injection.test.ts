import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { deriveConfig } from "../../src/config/derive.ts";
import { settingsSchema } from "../../src/config/schema.ts";
import type { LoggedCall } from "../../src/local/core/faults.ts";
import { scenariosOf } from "../fault-injection/campaign/scenarios.ts";
import { FAULTS, INVARIANTS } from "../fault-injection/catalogue.ts";
import { PLANTED_BUGS } from "../fault-injection/planted-bugs/bugs.ts";
import { withBug } from "../fault-injection/planted-bugs/plant.ts";

const PAGE = readFileSync("docs/reliability.md", "utf8");
const NUMBER = /\b[FI][1-9]\d?\b/g;
const numbersIn = (text: string): readonly string[] => [...text.matchAll(NUMBER)].map(([number]) => number);
const typescriptIn = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => readFileSync(join(folder, file), "utf8"));
const SUITE = typescriptIn("test/fault-injection").join("\n");

test("the page lists the faults and invariants of the catalogue, word for word", () => {
  const rows = [...PAGE.matchAll(/^\| ([FI]\d+) \| (.*?) \|/gm)].map(([, number, text]) => [number, text]);
  expect(rows).toEqual([...Object.entries(FAULTS), ...Object.entries(INVARIANTS)]);
});

test("every number that the code, the tests or the pages cite is in the catalogue", () => {
  const pages = readdirSync("docs").filter((file) => file.endsWith(".md"));
  const cited = [SUITE, ...typescriptIn("test/e2e"), ...pages.map((file) => readFileSync(join("docs", file), "utf8"))].flatMap(numbersIn);
  expect(cited.length).toBeGreaterThan(100);
  const known = new Set([...Object.keys(FAULTS), ...Object.keys(INVARIANTS)]);
  expect(cited.filter((number) => !known.has(number))).toEqual([]);
});

test("the campaign plays every fault of the catalogue", () => {
  const call = { service: "sns", operation: "CreateTopic", write: true } as LoggedCall;
  const list = { service: "sns", operation: "ListTopics", write: false } as LoggedCall;
  const calls = { upCalls: [call, list], downCalls: [call, list] };
  const [config, productionConfig] = [{}, { hardening: "production" }].map((settings) => deriveConfig(settingsSchema.parse(settings)));
  if (!config || !productionConfig) throw new Error("no configuration");
  const names = scenariosOf({ development: calls, production: calls, config, productionConfig, seeds: 10 }).map(({ name }) => name);
  const played = new Set(names.flatMap((name) => numbersIn(name.split(/[a-z]/)[0] ?? "")));
  expect(Object.keys(FAULTS).filter((number) => !played.has(number))).toEqual([]);
});

test("both suites check every invariant in one order, except the error report of a killed process", () => {
  const order = readFileSync("test/fault-injection/invariants/order.ts", "utf8");
  const checked = new Set([...order.matchAll(/\bcheck\((.*)/g)].flatMap(([, text = ""]) => numbersIn(text)));
  expect(Object.keys(INVARIANTS).filter((number) => !checked.has(number))).toEqual(["I10"]);
  for (const suite of ["campaign/lifecycle.ts", "kill/scenarios.ts", "kill/kept-data.ts"]) {
    const text = readFileSync(join("test/fault-injection", suite), "utf8");
    for (const step of ["checkDisturbed", "checkRecovery", "checkIdleUp", "checkTeardown", "checkEnd"]) expect(text).toContain(`${step}(`);
  }
});

test("every invariant of the catalogue is checked, and a planted bug breaks it", () => {
  const checked = new Set(
    SUITE.split("\n")
      .filter((line) => /\bcheck\(/.test(line))
      .flatMap(numbersIn),
  );
  const broken = new Set(PLANTED_BUGS.map(({ invariant }) => invariant));
  const all = Object.keys(INVARIANTS) as (keyof typeof INVARIANTS)[];
  expect(all.filter((number) => !checked.has(number))).toEqual([]);
  expect(all.filter((number) => !broken.has(number))).toEqual([]);
});

test.each(PLANTED_BUGS)("the planted bug fits the code: $bug", ({ file, edits }) => {
  expect(withBug(file, edits)).not.toBe(readFileSync(file, "utf8"));
});
