import type * as z from "zod";
import type { Problem } from "./config-error.ts";
import type { Conflict } from "./crosscheck.ts";
import { nearest } from "./one-of.ts";
import type { Path, Position, Source } from "./source.ts";

export const toPointer = (path: Path): string =>
  path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

export function parseProblems(source: Source): Problem[] {
  return source.faults.map(({ message, position, path }) => ({
    path: toPointer(path),
    place: position,
    message,
    remedy:
      path.length === 0
        ? "Correct the JSON at this position."
        : path.at(-1) === "__proto__"
          ? "Choose another name."
          : "Remove one of the two.",
  }));
}

type Issue = z.core.$ZodIssue;
type JsonSchema = Readonly<Record<string, unknown>>;

/** The problems that the schema found, as sentences. */
export function schemaProblems(issues: readonly Issue[], source: Source, schema: JsonSchema): Problem[] {
  return issues.flatMap(flatten).flatMap((issue) => {
    const path = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
    if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey([...path, key], source, schema));
    const place = positionOf(source, path, false);
    if (issue.code === "custom") return [{ path: toPointer(path), place, message: issue.message, remedy: String(issue.params?.remedy) }];
    return [{ path: toPointer(path), place, message: wrongValue(path, source), remedy: allowed(descend(schema, path)) }];
  });
}

/** Conflicts of a merge: the file and an overlay are valid alone, and together have too many tags or tag keys that differ in case only. */
export const schemaConflicts = (issues: readonly Issue[]): Conflict[] =>
  issues.map((issue) => ({
    path: issue.path.map(String),
    message: issue.message,
    remedy: String(issue.code === "custom" ? issue.params?.remedy : "Correct the value."),
  }));

/** An issue of a union or of a key contains the issues of its parts. */
function flatten(issue: Issue): Issue[] {
  const inside = (inner: Issue): Issue => ({ ...inner, path: [...issue.path, ...inner.path] });
  if (issue.code === "invalid_key") return issue.issues.map((inner) => ({ ...inner, path: issue.path }));
  if (issue.code !== "invalid_union") return [issue];
  const deeper = issue.errors.find((branch) => branch.some((inner) => inner.path.length > 0));
  return deeper ? deeper.map(inside).flatMap(flatten) : [issue];
}

/** The position of a value; for a value that is not in the file, the position of its nearest parent. */
export function positionOf(source: Source, path: Path, key: boolean): Position | undefined {
  for (let length = path.length; length >= 0; length--) {
    const position = source.position(path.slice(0, length), key ? "key" : "value");
    if (position) return position;
  }
  return undefined;
}

function unknownKey(path: Path, source: Source, schema: JsonSchema): Problem {
  const key = String(path.at(-1));
  const known = Object.keys((descend(schema, path.slice(0, -1)).properties as object | undefined) ?? {});
  const near = nearest(key, known);
  const elsewhere = known.includes(key) ? undefined : homeOf(schema, key);
  return {
    path: toPointer(path),
    place: positionOf(source, path, true),
    message: `There is no setting "${key}" here.`,
    remedy: near
      ? `Did you mean "${near}"?`
      : elsewhere
        ? `"${key}" belongs in "${elsewhere}".`
        : `Remove it, or use one of: ${known.filter((k) => k !== "$schema").join(", ")}.`,
  };
}

function homeOf(schema: JsonSchema, key: string): string | undefined {
  const sections = Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>);
  return sections.find(([, section]) => key in ((section.properties as object | undefined) ?? {}))?.[0];
}

function wrongValue(path: Path, source: Source): string {
  const value = path.reduce<unknown>((at, part) => (at as Record<string | number, unknown> | undefined)?.[part], source.value);
  const text = JSON.stringify(value) ?? "nothing";
  return `${text.length > 60 ? `${text.slice(0, 57)}…` : text} is not allowed here.`;
}

function descend(schema: JsonSchema, path: Path): JsonSchema {
  let at = schema;
  for (const part of path) {
    const properties = at.properties as Record<string, JsonSchema> | undefined;
    const list = (at.anyOf as JsonSchema[] | undefined)?.find((option) => option.type === "array") ?? at;
    const next = typeof part === "number" ? list.items : (properties?.[part] ?? at.additionalProperties);
    if (!next || typeof next !== "object") return {};
    at = next as JsonSchema;
  }
  return at;
}

/** The allowed values, as a sentence. */
function allowed(schema: JsonSchema): string {
  return `Write ${phrase(schema)}.`;
}
function phrase(schema: JsonSchema): string {
  const options = schema.anyOf as JsonSchema[] | undefined;
  if (options) return options.map(phrase).join(" or ");
  if ("const" in schema) return JSON.stringify(schema.const);
  const values = schema.enum as unknown[] | undefined;
  if (values) return `one of ${values.map((v) => JSON.stringify(v)).join(", ")}`;
  switch (schema.type) {
    case "integer":
      return `a whole number from ${schema.minimum} to ${schema.maximum}`;
    case "number":
      return `a number greater than ${schema.exclusiveMinimum} and at most ${schema.maximum}`;
    case "boolean":
      return "true or false";
    case "array":
      return schema.maxItems ? `a list of at most ${schema.maxItems} entries` : "a list: […]";
    case "object":
      return "an object: {…}";
    case "null":
      return "null";
    default:
      return "a text in double quotes";
  }
}
