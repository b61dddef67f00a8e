import type { NormalizedSchema } from "@smithy/core/schema";
import fc from "fast-check";
import { members, traitsOf } from "../../src/local/wire/schema.ts";

const WORDS = fc.stringMatching(/^[a-zA-Z0-9.~-]{1,12}$/);
/** Texts with characters that XML, JSON and forms must escape. They have no white space at the ends, because XML parsers trim it. */
const TEXT = fc.stringMatching(/^[a-z0-9&<>"'=+%][ a-z0-9é世😀&<>"'=+%/]{0,10}[a-z0-9&<>"'=+%]$/u);
const SECONDS = fc.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => new Date(seconds * 1000));
/** Limit of nested structures. Lists and maps do not count. */
const DEPTH = 5;

/** Generates a typed value of a schema for the body, or (`bound`) for a path, query or header. */
export function sampleOf(schema: NormalizedSchema, omit: ReadonlySet<string>, depth = 0, bound = false): fc.Arbitrary<unknown> {
  if (schema.isUnionSchema()) return oneMember(schema, omit, depth);
  if (schema.isStructSchema()) return struct(schema, omit, depth);
  const item = () => sampleOf(schema.getValueSchema(), omit, depth, bound);
  if (schema.isListSchema()) return fc.array(item(), { minLength: 1, maxLength: 2 });
  if (schema.isMapSchema())
    return fc.dictionary(bound ? WORDS.map((word) => word.toLowerCase()) : WORDS, item(), { minKeys: 1, maxKeys: 2 });
  return simple(schema, bound);
}
function simple(schema: NormalizedSchema, bound: boolean): fc.Arbitrary<unknown> {
  if (schema.isBooleanSchema()) return fc.boolean();
  if (schema.isTimestampSchema()) return SECONDS;
  if (traitsOf(schema).httpResponseCode) return fc.constantFrom(200, 202);
  if (schema.isNumericSchema()) return fc.integer({ min: 0, max: 100 });
  if (schema.isBigIntegerSchema()) return fc.bigInt({ min: 0n, max: 1000n });
  if (schema.isBlobSchema()) return fc.uint8Array({ minLength: 1, maxLength: 20 });
  if (schema.isDocumentSchema()) return fc.constant({ a: [1, "b", null] });
  if (traitsOf(schema).mediaType === "application/json" || traitsOf(schema).httpHeader === "X-Amz-Client-Context")
    return fc.constant('{"a":1}');
  return bound ? WORDS : TEXT;
}
function struct(schema: NormalizedSchema, omit: ReadonlySet<string>, depth: number): fc.Arbitrary<unknown> {
  const own = members(schema).filter(([name, member]) => !omit.has(name) && hasRoom(member, depth + 1));
  return fc.record(Object.fromEntries(own.map(([name, member]) => [name, sampleOf(member, omit, depth + 1, isBound(member))])));
}
function oneMember(schema: NormalizedSchema, omit: ReadonlySet<string>, depth: number): fc.Arbitrary<unknown> {
  const all = members(schema).filter(([name, member]) => name !== "$unknown" && hasRoom(member, depth + 1));
  return fc.oneof(...all.map(([name, member]) => sampleOf(member, omit, depth + 1).map((value) => ({ [name]: value }))));
}
/** Ends a recursive shape before a structure would have no members, because a form cannot represent an empty structure. */
function hasRoom(schema: NormalizedSchema, depth: number): boolean {
  if (schema.isListSchema() || schema.isMapSchema()) return hasRoom(schema.getValueSchema(), depth);
  if (!schema.isStructSchema()) return true;
  return depth < DEPTH && members(schema).some(([name, member]) => name !== "$unknown" && hasRoom(member, depth + 1));
}
function isBound(schema: NormalizedSchema): boolean {
  const traits = traitsOf(schema);
  return Boolean(traits.httpLabel ?? traits.httpQuery ?? traits.httpHeader ?? traits.httpPrefixHeaders ?? traits.httpQueryParams);
}
