import { expect, test } from "vitest";
import { HOURS_A_MONTH, PRICES_DATED, pricesOf } from "../../../src/stack/prices.ts";

test("every price is a positive number, in every region", () => {
  const numbers = (value: unknown): number[] => {
    if (typeof value === "number") return [value];
    if (value instanceof Map) return [...value.values()];
    return typeof value === "object" && value !== null ? Object.values(value).flatMap(numbers) : [];
  };
  for (const region of ["us-east-1", "us-west-2", "sa-east-1", "eu-west-1", "ap-south-1"]) {
    const all = numbers(pricesOf(region));
    expect(all.length).toBeGreaterThan(30);
    expect(all.every((price) => price > 0 && Number.isFinite(price))).toBe(true);
  }
  expect(PRICES_DATED).toMatch(/^\d{4}-\d{2}-\d{2}$/);
});

test("a region outside of the table has estimated prices that are not lower", () => {
  const [known, other] = [pricesOf("us-east-1"), pricesOf("mx-central-1")];
  expect(known.published).toBe(true);
  expect(other).toMatchObject({ region: "mx-central-1", published: false });
  expect(other.s3.standardPerGbMonth).toBeGreaterThan(known.s3.standardPerGbMonth);
});

test("the monthly price of the smallest database equals that of AWS's page", () => {
  const { rds } = pricesOf("us-east-1");
  expect((rds.perHour.get("db.t4g.micro") ?? 0) * HOURS_A_MONTH).toBeCloseTo(11.68, 2);
});
