import fc from "fast-check";
import { expect, test } from "vitest";
import * as z from "zod/mini";
import english from "zod/v4/locales/en.js";
import * as schemas from "../../../handlers/contract/schemas.ts";
import { issueText } from "../../../handlers/shared/issue-text.ts";

const { localeError } = english();
const SCHEMAS = Object.entries(schemas).flatMap(([name, schema]) =>
  typeof schema === "object" && "_zod" in schema ? [[name, schema] as const] : [],
);
const bodies = { ...schemas.deliveryUpdate.shape, ...schemas.vehicleFix.shape, ...schemas.plannedRoute.shape };

test.each(SCHEMAS)("%s: the sentence about each wrong value is that of zod", (_name, schema) => {
  const body = fc.record(Object.fromEntries(Object.keys(bodies).map((key) => [key, fc.jsonValue()])), { requiredKeys: [] });
  const values = fc.oneof(fc.jsonValue(), body, fc.array(fc.jsonValue()), fc.string({ maxLength: 600 }), fc.double({ noNaN: true }));
  fc.assert(
    fc.property(values, (value) => {
      const sentences = (error: z.core.$ZodErrorMap) => z.safeParse(schema, value, { error }).error?.issues.map((issue) => issue.message);
      // Unknown fields have a sentence of their own in handlers/shared/gateway.ts.
      const ours = sentences((issue) => (issue.code === "unrecognized_keys" ? "" : issueText(issue)));
      expect(ours).toEqual(sentences((issue) => (issue.code === "unrecognized_keys" ? "" : localeError(issue))));
    }),
  );
});

test("a time is accepted as zod accepts it, in capitals and small letters", () => {
  const rfc3339 = z.iso.datetime({ offset: true });
  const part = (max: number) => fc.integer({ min: 0, max }).map((n) => String(n).padStart(2, "0"));
  const offset = fc.oneof(
    fc.constantFrom("Z", "z", "", "+05:00", "-5:00"),
    fc.tuple(part(25), part(61)).map(([h, m]) => `+${h}:${m}`),
  );
  const fraction = fc.constantFrom("", ".1", ".123456", ".");
  const day = fc.tuple(fc.integer({ min: 2000, max: 2105 }), part(13), part(32)).map((parts) => parts.join("-"));
  const hours = fc.tuple(part(24), part(60), part(60)).map((parts) => parts.join(":"));
  const time = fc.tuple(day, fc.constantFrom("T", "t", " "), hours, fraction, offset).map((parts) => parts.join(""));
  fc.assert(
    fc.property(time, (text) => {
      expect(z.safeParse(schemas.makeQueryTime(""), text).success).toBe(z.safeParse(rfc3339, text.toUpperCase()).success);
    }),
    { numRuns: 2_000 },
  );
});
