import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { nameOfKind } from "../../src/cli/render/kinds.ts";
import type { AnyKind } from "../../src/engine/contract.ts";
import * as resources from "../../src/resources/index.ts";

const isKind = (value: unknown): value is AnyKind => typeof value === "object" && value !== null && "kind" in value;
const exported = Object.entries(resources).filter(([, value]) => isKind(value));

test("KINDS holds every kind that the folder exports", () => {
  expect(exported.map(([, value]) => (value as AnyKind).kind).toSorted()).toEqual(resources.KINDS.map(({ kind }) => kind).toSorted());
});

test("every kind has a noun for the screen", () => {
  for (const { kind } of resources.KINDS) expect(nameOfKind(kind, 1)).not.toContain(kind);
});

test("every kind runs the contract tests, except the account setting, which all stacks share", () => {
  const files = readdirSync("test/contract").map((file) => readFileSync(`test/contract/${file}`, "utf8"));
  const isTested = (name: string) => files.some((text) => new RegExp(`^contractOf\\(\\{\\n\\s+kind: ${name},`, "m").test(text));
  expect(exported.map(([name]) => name).filter((name) => !isTested(name))).toEqual(["apigatewayAccount"]);
});
