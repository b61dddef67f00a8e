import { typeOf, type Value } from "../values/attribute-value.ts";
import { misused } from "./condition-rules.ts";
import { checkOverlap, type Path, readPath } from "./paths.ts";
import type { Placeholders } from "./placeholders.ts";
import { accept, expect, expectEnd, nested, peek, peekNext, type Reader, readerOf, refuse, syntaxError, take } from "./tokens.ts";

/** The right side of an assignment in SET. */
export type Source =
  | { readonly path: Path }
  | { readonly value: Value }
  | { readonly op: "+" | "-" | "if_not_exists" | "list_append"; readonly left: Source; readonly right: Source };
export type Action =
  | { readonly kind: "set"; readonly path: Path; readonly source: Source }
  | { readonly kind: "remove"; readonly path: Path }
  | { readonly kind: "add" | "delete"; readonly path: Path; readonly value: Value; readonly isLegacy?: boolean };

const CLAUSES = new Map<string, (reader: Reader, placeholders: Placeholders) => Action>([
  ["SET", readSet],
  ["REMOVE", (reader, placeholders) => ({ kind: "remove", path: readPath(reader, placeholders) })],
  ["ADD", (reader, placeholders) => readElements(reader, placeholders, "add")],
  ["DELETE", (reader, placeholders) => readElements(reader, placeholders, "delete")],
]);

/** Reads an UpdateExpression: clauses in any order, each at most once. */
export function readUpdate(text: string, placeholders: Placeholders): { actions: readonly Action[]; paths: readonly Path[] } {
  const reader = readerOf("UpdateExpression", text);
  const actions: Action[] = [];
  const seen = new Set<string>();
  do {
    const { key, kind } = peek(reader);
    const readAction = kind === "word" ? CLAUSES.get(key) : undefined;
    if (!readAction) throw syntaxError(reader);
    if (seen.has(key)) throw refuse(reader, `The "${key}" section can only be used once in an update expression;`);
    seen.add(key);
    take(reader);
    do actions.push(readAction(reader, placeholders));
    while (accept(reader, ","));
  } while (peek(reader).kind !== "end");
  expectEnd(reader);
  checkOverlap(
    reader,
    actions.map(({ path }) => path),
  );
  return {
    actions,
    paths: [...actions.map(({ path }) => path), ...actions.flatMap((one) => (one.kind === "set" ? sourcePaths(one.source) : []))],
  };
}
const sourcePaths = (source: Source): Path[] =>
  "path" in source ? [source.path] : "op" in source ? [...sourcePaths(source.left), ...sourcePaths(source.right)] : [];

function readSet(reader: Reader, placeholders: Placeholders): Action {
  const path = readPath(reader, placeholders);
  expect(reader, "=");
  return { kind: "set", path, source: readSum(reader, placeholders) };
}

/** Reads one operand, or two with a sign between them. AWS accepts no longer sums. */
function readSum(reader: Reader, placeholders: Placeholders): Source {
  const left = readSource(reader, placeholders);
  const op = accept(reader, "+") ? "+" : accept(reader, "-") ? "-" : undefined;
  if (!op) return left;
  const right = readSource(reader, placeholders);
  checkTypes(reader, op, [left, right], "N");
  return { op, left, right };
}

function readSource(reader: Reader, placeholders: Placeholders): Source {
  const token = peek(reader);
  if (accept(reader, "(")) {
    const inner = nested(reader, () => readSum(reader, placeholders));
    expect(reader, ")");
    return inner;
  }
  if (token.kind === "value") {
    take(reader);
    return { value: placeholders.value(reader, token.text) };
  }
  if (token.kind === "word" && peekNext(reader).key === "(") return readFunction(reader, placeholders);
  return { path: readPath(reader, placeholders) };
}

function readFunction(reader: Reader, placeholders: Placeholders): Source {
  const op = take(reader).text;
  take(reader);
  const args = nested(reader, () => {
    const read: Source[] = [];
    do read.push(readSource(reader, placeholders));
    while (accept(reader, ","));
    return read;
  });
  expect(reader, ")");
  const [left, right] = args;
  if (op !== "if_not_exists" && op !== "list_append")
    throw CONDITIONS.has(op) ? misused(reader, op) : refuse(reader, `Invalid function name; function: ${op}`);
  // AWS accepts if_not_exists as an argument of a function, but not list_append.
  if (args.some((arg) => "op" in arg && arg.op === "list_append")) throw misused(reader, "list_append");
  if (!left || !right || args.length > 2)
    throw refuse(
      reader,
      `Incorrect number of operands for operator or function; operator or function: ${op}, number of operands: ${args.length}`,
    );
  if (op === "if_not_exists" && !("path" in left))
    throw refuse(reader, `Operator or function requires a document path; operator or function: ${op}`);
  if (op === "list_append") checkTypes(reader, op, args, "L");
  return { op, left, right };
}

const CONDITIONS: ReadonlySet<string> = new Set([
  "attribute_exists",
  "attribute_not_exists",
  "attribute_type",
  "begins_with",
  "contains",
  "size",
]);
function checkTypes(reader: Reader, name: string, sources: readonly Source[], wanted: string): void {
  for (const source of sources) {
    const type = "value" in source ? typeOf(source.value) : undefined;
    if (type !== undefined && type !== wanted)
      throw refuse(reader, `Incorrect operand type for operator or function; operator or function: ${name}, operand type: ${type}`);
  }
}

const LONG_NAMES: Readonly<Record<string, string>> = {
  S: "STRING",
  N: "NUMBER",
  B: "BINARY",
  NULL: "NULL",
  BOOL: "BOOLEAN",
  L: "LIST",
  M: "MAP",
};
/** Reads an element of ADD (number or set) or DELETE (set). */
function readElements(reader: Reader, placeholders: Placeholders, kind: "add" | "delete"): Action {
  const path = readPath(reader, placeholders);
  const token = peek(reader);
  if (token.kind !== "value") throw syntaxError(reader);
  take(reader);
  const value = placeholders.value(reader, token.text);
  const type = typeOf(value);
  const isSet = type === "SS" || type === "NS" || type === "BS";
  if (!isSet && !(kind === "add" && type === "N"))
    throw refuse(
      reader,
      `Incorrect operand type for operator or function; operator: ${kind.toUpperCase()}, operand type: ${LONG_NAMES[type]}`,
    );
  return { kind, path, value };
}
