import type { Comparator, Condition, Operand } from "./condition.ts";
import { checkBounds, checkComparison, checkFunction, misused } from "./condition-rules.ts";
import { type Path, readPath } from "./paths.ts";
import type { Placeholders } from "./placeholders.ts";
import { accept, expect, expectEnd, nested, peek, peekNext, type Reader, readerOf, refuse, syntaxError, take } from "./tokens.ts";

const COMPARATORS: ReadonlySet<string> = new Set(["=", "<>", "<", "<=", ">", ">="]);

/** A function call as written. The context decides later whether it is a value or a condition. */
interface FunctionCall {
  readonly call: string;
  readonly args: readonly Operand[];
}
type Node = { readonly truth: Condition } | { readonly operand: Operand } | FunctionCall;

/**
 * Reads a condition, filter or key condition in one pass. NOT binds closer than AND, AND closer than OR. A parenthesis may hold a condition
 * or an operand. Only its end shows which, so the parser accepts both and reads nothing twice.
 */
export function readCondition(title: string, text: string, placeholders: Placeholders): Condition {
  const reader = readerOf(title, text);
  const parser: Parser = { reader, placeholders, closed: new WeakSet() };
  const condition = conditionOf(parser, readOr(parser));
  expectEnd(reader);
  return condition;
}
interface Parser {
  readonly reader: Reader;
  readonly placeholders: Placeholders;
  /** Nodes that were in parentheses. A second pair around them is refused. */
  readonly closed: WeakSet<object>;
}

function readOr(parser: Parser): Node {
  return readChain(parser, "or", () => readChain(parser, "and", () => readNot(parser)));
}
function readChain(parser: Parser, op: "and" | "or", readOne: () => Node): Node {
  const first = readOne();
  if (peek(parser.reader).key !== op.toUpperCase()) return first;
  const all = [conditionOf(parser, first)];
  while (accept(parser.reader, op.toUpperCase())) all.push(conditionOf(parser, readOne()));
  return { truth: { op, all } };
}
function readNot(parser: Parser): Node {
  if (peek(parser.reader).key !== "NOT" || peek(parser.reader).kind !== "word") return readComparison(parser);
  take(parser.reader);
  return {
    truth: {
      op: "not",
      one: conditionOf(
        parser,
        nested(parser.reader, () => readNot(parser)),
      ),
    },
  };
}

function readComparison(parser: Parser): Node {
  const { reader } = parser;
  const left = readPrimary(parser);
  const { key, kind } = peek(reader);
  if (kind === "symbol" && COMPARATORS.has(key)) {
    take(reader);
    const args = [operandOf(parser, left), operandOf(parser, readPrimary(parser))] as const;
    checkComparison(reader, key, args);
    return { truth: { op: key as Comparator, args } };
  }
  if (kind !== "word" || "truth" in left) return left;
  if (accept(reader, "BETWEEN")) {
    const lower = operandOf(parser, readPrimary(parser));
    expect(reader, "AND");
    const args = [operandOf(parser, left), lower, operandOf(parser, readPrimary(parser))] as const;
    checkComparison(reader, "BETWEEN", args);
    checkBounds(reader, lower, args[2]);
    return { truth: { op: "between", args } };
  }
  if (!accept(reader, "IN")) return left;
  expect(reader, "(");
  const args = [operandOf(parser, left), ...readOperands(parser)];
  if (args.length > 101) throw refuse(reader, `The IN operator is provided with too many operands; number of operands: ${args.length - 1}`);
  return { truth: { op: "in", args } };
}

function readPrimary(parser: Parser): Node {
  const { reader, placeholders } = parser;
  const token = peek(reader);
  if (accept(reader, "(")) {
    const node = nested(reader, () => readOr(parser));
    expect(reader, ")");
    if (parser.closed.has(node)) throw refuse(reader, "The expression has redundant parentheses;");
    parser.closed.add(node);
    return node;
  }
  if (token.kind === "value") {
    take(reader);
    return { operand: { value: placeholders.value(reader, token.text) } };
  }
  if (token.kind === "word" && peekNext(reader).key === "(") return readCall(parser);
  return { operand: { path: readPath(reader, placeholders) } };
}

function readCall(parser: Parser): FunctionCall {
  const { reader } = parser;
  const call = take(reader).text;
  take(reader);
  const args = nested(reader, () => readOperands(parser));
  checkFunction(reader, call, args);
  return { call, args };
}
/** Reads the operands after an opening parenthesis, up to the closing one. */
function readOperands(parser: Parser): Operand[] {
  const operands: Operand[] = [];
  do operands.push(operandOf(parser, readPrimary(parser)));
  while (accept(parser.reader, ","));
  expect(parser.reader, ")");
  return operands;
}

function conditionOf({ reader }: Parser, node: Node): Condition {
  if ("truth" in node) return node.truth;
  if ("operand" in node) throw syntaxError(reader);
  if (node.call === "size") throw misused(reader, node.call);
  return { op: node.call as "contains", args: node.args };
}
function operandOf({ reader }: Parser, node: Node): Operand {
  if ("operand" in node) return node.operand;
  if ("truth" in node) throw syntaxError(reader);
  if (node.call !== "size") throw misused(reader, node.call);
  return { size: node.args[0] as Operand };
}

/** All paths of a condition, for the rules about keys. */
export function pathsOf(condition: Condition): Path[] {
  if (condition.op === "and" || condition.op === "or") return condition.all.flatMap(pathsOf);
  if (condition.op === "not") return pathsOf(condition.one);
  return condition.args.flatMap(operandPaths);
}
const operandPaths = (operand: Operand): Path[] =>
  "path" in operand ? [operand.path] : "size" in operand ? operandPaths(operand.size) : [];
