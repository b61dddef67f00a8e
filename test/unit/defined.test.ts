import { expect, test } from "vitest";
import { defined } from "../../src/defined.ts";

test("`defined` leaves out members that are undefined and keeps every other value in its order", () => {
  const found = defined({ a: 0, b: undefined, c: "", d: null, e: false });
  expect(Object.keys(found)).toEqual(["a", "c", "d", "e"]);
});
