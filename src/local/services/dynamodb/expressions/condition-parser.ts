import type { Comparator, Condition, Operand } from "./condition.ts";
import { checkBounds, checkComparison, checkFunction, misusedFunction } from "./condition-rules.ts";
import { type Path, readPath } from "./paths.ts";
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

const COMPARATORS: ReadonlySet<string> = new Set(["=", "<>", "<", "<=", ">", ">="]);

/** A function call as written. The context decides later whether it is a value or a condition. */
interface FunctionCall {
  readonly functionName: string;
  readonly args: readonly Operand[];
}
type Node = { readonly condition: Condition } | { readonly operand: Operand } | FunctionCall;

/**
 * Reads a condition, filter or key condition in one pass. NOT binds closer than AND, AND closer than OR. A parenthesis may hold a condition
 * or an operand. Only its end shows which, so the parser accepts both and reads nothing twice.
 */
export function readCondition(title: string, text: string, placeholders: Placeholders): Condition {
  const reader = readerOf(title, text);
  const parser: Parser = { reader, placeholders, parenthesized: new WeakSet() };
  const condition = conditionOf(parser, readOr(parser));
  expectEnd(reader);
  return condition;
}
interface Parser {
  readonly reader: Reader;
  readonly placeholders: Placeholders;
  /** Nodes that stood in parentheses. AWS refuses a second pair of parentheses around them. */
  readonly parenthesized: WeakSet<object>;
}

function readOr(parser: Parser): Node {
  return readChain(parser, "or", () => readChain(parser, "and", () => readNot(parser)));
}
function readChain(parser: Parser, op: "and" | "or", readPart: () => Node): Node {
  const first = readPart();
  if (peek(parser.reader).key !== op.toUpperCase()) return first;
  const conditions = [conditionOf(parser, first)];
  while (accept(parser.reader, op.toUpperCase())) conditions.push(conditionOf(parser, readPart()));
  return { condition: { op, conditions } };
}
function readNot(parser: Parser): Node {
  if (peek(parser.reader).key !== "NOT" || peek(parser.reader).kind !== "word") return readComparison(parser);
  takeToken(parser.reader);
  return {
    condition: {
      op: "not",
      condition: conditionOf(
        parser,
        parseNested(parser.reader, () => readNot(parser)),
      ),
    },
  };
}

function readComparison(parser: Parser): Node {
  const { reader } = parser;
  const left = readPrimary(parser);
  const { key, kind } = peek(reader);
  if (kind === "symbol" && COMPARATORS.has(key)) {
    takeToken(reader);
    const args = [operandOf(parser, left), operandOf(parser, readPrimary(parser))] as const;
    checkComparison(reader, key, args);
    return { condition: { op: key as Comparator, args } };
  }
  if (kind !== "word" || "condition" in left) return left;
  if (accept(reader, "BETWEEN")) {
    const lower = operandOf(parser, readPrimary(parser));
    expect(reader, "AND");
    const args = [operandOf(parser, left), lower, operandOf(parser, readPrimary(parser))] as const;
    checkComparison(reader, "BETWEEN", args);
    checkBounds(reader, lower, args[2]);
    return { condition: { op: "between", args } };
  }
  if (!accept(reader, "IN")) return left;
  expect(reader, "(");
  const args = [operandOf(parser, left), ...readOperands(parser)];
  if (args.length > 101)
    throw invalidExpression(reader, `The IN operator is provided with too many operands; number of operands: ${args.length - 1}`);
  return { condition: { op: "in", args } };
}

function readPrimary(parser: Parser): Node {
  const { reader, placeholders } = parser;
  const token = peek(reader);
  if (accept(reader, "(")) {
    const node = parseNested(reader, () => readOr(parser));
    expect(reader, ")");
    if (parser.parenthesized.has(node)) throw invalidExpression(reader, "The expression has redundant parentheses;");
    parser.parenthesized.add(node);
    return node;
  }
  if (token.kind === "value") {
    takeToken(reader);
    return { operand: { value: placeholders.value(reader, token.text) } };
  }
  if (token.kind === "word" && peekNext(reader).key === "(") return readCall(parser);
  return { operand: { path: readPath(reader, placeholders) } };
}

function readCall(parser: Parser): FunctionCall {
  const { reader } = parser;
  const functionName = takeToken(reader).text;
  takeToken(reader);
  const args = parseNested(reader, () => readOperands(parser));
  checkFunction(reader, functionName, args);
  return { functionName, args };
}
/** Reads operands, separated by commas, and the closing parenthesis. The opening one is already read. */
function readOperands(parser: Parser): Operand[] {
  const operands: Operand[] = [];
  do operands.push(operandOf(parser, readPrimary(parser)));
  while (accept(parser.reader, ","));
  expect(parser.reader, ")");
  return operands;
}

function conditionOf({ reader }: Parser, node: Node): Condition {
  if ("condition" in node) return node.condition;
  if ("operand" in node) throw syntaxError(reader);
  if (node.functionName === "size") throw misusedFunction(reader, node.functionName);
  return { op: node.functionName as "contains", args: node.args };
}
function operandOf({ reader }: Parser, node: Node): Operand {
  if ("operand" in node) return node.operand;
  if ("condition" in node) throw syntaxError(reader);
  if (node.functionName !== "size") throw misusedFunction(reader, node.functionName);
  return { size: node.args[0] as Operand };
}

/** All paths of a condition, for the rules about keys. */
export function pathsOf(condition: Condition): Path[] {
  if (condition.op === "and" || condition.op === "or") return condition.conditions.flatMap(pathsOf);
  if (condition.op === "not") return pathsOf(condition.condition);
  return condition.args.flatMap(pathsOfOperand);
}
const pathsOfOperand = (operand: Operand): Path[] =>
  "path" in operand ? [operand.path] : "size" in operand ? pathsOfOperand(operand.size) : [];
