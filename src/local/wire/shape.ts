import type { NormalizedSchema } from "@smithy/core/schema";
import { LocalFault } from "../core/service.ts";
import { members } from "./schema.ts";

/**
 * Checks JSON against a shape and changes it in place, as AWS's reader does: unknown members and members that are null are removed; a value
 * of another type is a SerializationException. For operations whose input goes to the service unchanged.
 */
export type ShapeCheck = (json: unknown, depth: number) => void;

/** Deeper than any input that a service accepts, and far below the limit of the stack. */
const MAX_DEPTH = 200;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

const refuse = (message: string): LocalFault => new LocalFault("SerializationException", message, 400);

export function shapeCheck(schema: NormalizedSchema): ShapeCheck {
  return checkOf(schema, new Map());
}

/** `known`: the shapes seen so far, by definition, because shapes may contain themselves. */
function checkOf(schema: NormalizedSchema, known: Map<unknown, ShapeCheck>): ShapeCheck {
  const definition = schema.getSchema();
  const made = known.get(definition);
  if (made) return made;
  if (schema.isStructSchema() || schema.isUnionSchema()) return structCheck(schema, definition, known);
  if (schema.isListSchema()) return listCheck(schema, definition, known);
  if (schema.isMapSchema()) return mapCheck(schema, definition, known);
  return scalarCheck(schema);
}

function structCheck(schema: NormalizedSchema, definition: unknown, known: Map<unknown, ShapeCheck>): ShapeCheck {
  const checks = new Map<string, ShapeCheck>();
  const check: ShapeCheck = (json, depth) => {
    mustBeMap(json, schema);
    if (depth > MAX_DEPTH) throw refuse("The request is nested too deeply.");
    for (const name of Object.keys(json)) {
      const value = json[name];
      const inner = checks.get(name);
      if (inner && value !== null) inner(value, depth + 1);
      else delete json[name];
    }
  };
  known.set(definition, check);
  for (const [name, member] of members(schema)) checks.set(name, checkOf(member, known));
  return check;
}

function listCheck(schema: NormalizedSchema, definition: unknown, known: Map<unknown, ShapeCheck>): ShapeCheck {
  let inner: ShapeCheck | undefined;
  const check: ShapeCheck = (json, depth) => {
    if (!Array.isArray(json)) throw refuse(isMap(json) ? "Start of structure or map found where not expected" : "Unexpected field type");
    inner ??= checkOf(schema.getValueSchema(), known);
    for (const one of json) inner(one, depth + 1);
  };
  known.set(definition, check);
  return check;
}

function mapCheck(schema: NormalizedSchema, definition: unknown, known: Map<unknown, ShapeCheck>): ShapeCheck {
  let inner: ShapeCheck | undefined;
  const check: ShapeCheck = (json, depth) => {
    mustBeMap(json, schema);
    inner ??= checkOf(schema.getValueSchema(), known);
    for (const name of Object.keys(json)) inner(json[name], depth + 1);
  };
  known.set(definition, check);
  return check;
}

const isMap = (json: unknown): json is Record<string, unknown> => typeof json === "object" && json !== null && !Array.isArray(json);
function mustBeMap(json: unknown, schema: NormalizedSchema): asserts json is Record<string, unknown> {
  if (isMap(json)) return;
  throw refuse(
    Array.isArray(json) ? `Unrecognized collection type class ${schema.getName() ?? "of a map"}` : "Unexpected value type in payload",
  );
}

function scalarCheck(schema: NormalizedSchema): ShapeCheck {
  if (schema.isBlobSchema())
    return (json) => {
      if (typeof json !== "string") throw refuse("only base-64-encoded strings are convertible to bytes");
      if (json.length % 4 !== 0) throw refuse(`Base64 encoded length is expected a multiple of 4 bytes but found: ${json.length}`);
      if (!BASE64.test(json)) throw refuse("Invalid Base64 character detected");
    };
  const [expected, title] = schema.isBooleanSchema()
    ? ["boolean", "Boolean"]
    : schema.isNumericSchema() || schema.isTimestampSchema()
      ? ["number", "Integer"]
      : ["string", "String"];
  return (json) => {
    if (typeof json !== expected) throw refuse(`${kindOf(json)} cannot be converted to ${title}`);
  };
}
function kindOf(json: unknown): string {
  if (typeof json === "boolean") return json ? "TRUE_VALUE" : "FALSE_VALUE";
  if (typeof json === "number") return Number.isInteger(json) ? "NUMBER_VALUE" : "DECIMAL_VALUE";
  if (typeof json === "string") return "STRING_VALUE";
  return json === null ? "NULL_VALUE" : Array.isArray(json) ? "START_ARRAY" : "START_OBJECT";
}
