import { typeOf, type Value } from "../values/attribute-value.ts";
import { misusedFunction } from "./condition-rules.ts";
import { checkOverlap, type Path, readPath } from "./paths.ts";
import type { Placeholders } from "./placeholders.ts";
import {
  accept,
  expect,
  expectEnd,
  invalidExpression,
  parseNested,
  peek,
  peekNext,
  type Reader,
  readerOf,
  syntaxError,
  takeToken,
} from "./tokens.ts";

/** The right side of an assignment in SET, or a part of it. */
export type UpdateOperand =
  | { readonly path: Path }
  | { readonly value: Value }
  | { readonly op: "+" | "-" | "if_not_exists" | "list_append"; readonly left: UpdateOperand; readonly right: UpdateOperand };
export type Action =
  | { readonly kind: "set"; readonly path: Path; readonly operand: UpdateOperand }
  | { readonly kind: "remove"; readonly path: Path }
  | { readonly kind: "add" | "delete"; readonly path: Path; readonly value: Value; readonly isLegacy?: boolean };

const CLAUSES = new Map<string, (reader: Reader, placeholders: Placeholders) => Action>([
  ["SET", readSet],
  ["REMOVE", (reader, placeholders) => ({ kind: "remove", path: readPath(reader, placeholders) })],
  ["ADD", (reader, placeholders) => readAddOrDelete(reader, placeholders, "add")],
  ["DELETE", (reader, placeholders) => readAddOrDelete(reader, placeholders, "delete")],
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
    if (seen.has(key)) throw invalidExpression(reader, `The "${key}" section can only be used once in an update expression;`);
    seen.add(key);
    takeToken(reader);
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
    paths: [
      ...actions.map(({ path }) => path),
      ...actions.flatMap((action) => (action.kind === "set" ? pathsOfOperand(action.operand) : [])),
    ],
  };
}
const pathsOfOperand = (operand: UpdateOperand): Path[] =>
  "path" in operand ? [operand.path] : "op" in operand ? [...pathsOfOperand(operand.left), ...pathsOfOperand(operand.right)] : [];

function readSet(reader: Reader, placeholders: Placeholders): Action {
  const path = readPath(reader, placeholders);
  expect(reader, "=");
  return { kind: "set", path, operand: readSum(reader, placeholders) };
}

/** Reads one operand, or two with `+` or `-` between them. AWS accepts no sums of more operands. */
function readSum(reader: Reader, placeholders: Placeholders): UpdateOperand {
  const left = readOperand(reader, placeholders);
  const op = accept(reader, "+") ? "+" : accept(reader, "-") ? "-" : undefined;
  if (!op) return left;
  const right = readOperand(reader, placeholders);
  checkTypes(reader, op, [left, right], "N");
  return { op, left, right };
}

function readOperand(reader: Reader, placeholders: Placeholders): UpdateOperand {
  const token = peek(reader);
  if (accept(reader, "(")) {
    const inner = parseNested(reader, () => readSum(reader, placeholders));
    expect(reader, ")");
    return inner;
  }
  if (token.kind === "value") {
    takeToken(reader);
    return { value: placeholders.value(reader, token.text) };
  }
  if (token.kind === "word" && peekNext(reader).key === "(") return readFunction(reader, placeholders);
  return { path: readPath(reader, placeholders) };
}

function readFunction(reader: Reader, placeholders: Placeholders): UpdateOperand {
  const op = takeToken(reader).text;
  takeToken(reader);
  const operands = parseNested(reader, () => {
    const read = [readOperand(reader, placeholders)];
    while (accept(reader, ",")) read.push(readOperand(reader, placeholders));
    return read;
  });
  expect(reader, ")");
  const [left, right] = operands;
  if (op !== "if_not_exists" && op !== "list_append")
    throw CONDITION_FUNCTIONS.has(op) ? misusedFunction(reader, op) : invalidExpression(reader, `Invalid function name; function: ${op}`);
  // AWS accepts if_not_exists as an argument of a function, but not list_append.
  if (operands.some((operand) => "op" in operand && operand.op === "list_append")) throw misusedFunction(reader, "list_append");
  if (!left || !right || operands.length > 2)
    throw invalidExpression(
      reader,
      `Incorrect number of operands for operator or function; operator or function: ${op}, number of operands: ${operands.length}`,
    );
  if (op === "if_not_exists" && !("path" in left))
    throw invalidExpression(reader, `Operator or function requires a document path; operator or function: ${op}`);
  if (op === "list_append") checkTypes(reader, op, operands, "L");
  return { op, left, right };
}

const CONDITION_FUNCTIONS: ReadonlySet<string> = new Set([
  "attribute_exists",
  "attribute_not_exists",
  "attribute_type",
  "begins_with",
  "contains",
  "size",
]);
function checkTypes(reader: Reader, name: string, operands: readonly UpdateOperand[], expectedType: string): void {
  for (const operand of operands) {
    const type = "value" in operand ? typeOf(operand.value) : undefined;
    if (type !== undefined && type !== expectedType)
      throw invalidExpression(
        reader,
        `Incorrect operand type for operator or function; operator or function: ${name}, operand type: ${type}`,
      );
  }
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  S: "STRING",
  N: "NUMBER",
  B: "BINARY",
  NULL: "NULL",
  BOOL: "BOOLEAN",
  L: "LIST",
  M: "MAP",
};
/** Reads one action of ADD (a number or set) or DELETE (a set). */
function readAddOrDelete(reader: Reader, placeholders: Placeholders, kind: "add" | "delete"): Action {
  const path = readPath(reader, placeholders);
  const token = peek(reader);
  if (token.kind !== "value") throw syntaxError(reader);
  takeToken(reader);
  const value = placeholders.value(reader, token.text);
  const type = typeOf(value);
  const isSet = type === "SS" || type === "NS" || type === "BS";
  if (!isSet && !(kind === "add" && type === "N"))
    throw invalidExpression(
      reader,
      `Incorrect operand type for operator or function; operator: ${kind.toUpperCase()}, operand type: ${TYPE_NAMES[type]}`,
    );
  return { kind, path, value };
}
