import { invalid } from "../values/faults.ts";

export type TokenKind = "word" | "name" | "value" | "index" | "symbol" | "end";
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** The text in upper case for words, so that keywords are found in any case. */
  readonly key: string;
  readonly from: number;
  readonly to: number;
}
/** The state of reading one expression. All parsers of the expression share it. */
export interface Reader {
  /** The name in messages, such as "ConditionExpression". */
  readonly title: string;
  readonly text: string;
  readonly tokens: readonly Token[];
  position: number;
  depth: number;
}

/** AWS's limits. */
const MAX_BYTES = 4096;
const MAX_OPERATORS = 300;
/** AWS allows 300 operators, so an expression needs at most 300 levels. A deeper one has redundant parentheses. */
const MAX_NESTING = 350;
const OPERATORS = new Set(["AND", "OR", "NOT", "BETWEEN", "IN", "=", "<>", "<", "<=", ">", ">=", "+", "-"]);
const TOKEN = /\s*(?:([A-Za-z]\w*)|(#\w*)|(:\w*)|(\d+)|(<>|<=|>=|[=<>()[\],.+-]))/y;
const KINDS = ["word", "name", "value", "index", "symbol"] as const;

export const invalidExpression = (reader: Pick<Reader, "title">, message: string): Error => invalid(`Invalid ${reader.title}: ${message}`);

/** Starts reading an expression. Throws AWS's error when it is empty, too long, or has an unknown character or too many operators. */
export function readerOf(title: string, text: string): Reader {
  if (text.trim() === "") throw invalidExpression({ title }, "The expression can not be empty;");
  const size = Buffer.byteLength(text);
  if (size > MAX_BYTES)
    throw invalidExpression({ title }, `Expression size has exceeded the maximum allowed size; expression size: ${size}`);
  const reader: Reader = { title, text, tokens: tokensOf(title, text), position: 0, depth: 0 };
  const operators = reader.tokens.filter(({ key }) => OPERATORS.has(key)).length;
  if (operators > MAX_OPERATORS)
    throw invalidExpression(reader, `The expression contains too many operators; operator count: ${MAX_OPERATORS + 1}`);
  return reader;
}

function tokensOf(title: string, text: string): Token[] {
  const tokens: Token[] = [];
  const length = text.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < length) {
    const from = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    const kind = match ? (match.slice(1).findIndex((part) => part !== undefined) as 0 | 1 | 2 | 3 | 4) : -1;
    if (!match || kind < 0) throw unexpectedCharacter(title, text, from);
    const token = match[kind + 1] as string;
    const to = TOKEN.lastIndex;
    tokens.push({ kind: KINDS[kind as 0], text: token, key: kind === 0 ? token.toUpperCase() : token, from: to - token.length, to });
  }
  tokens.push({ kind: "end", text: "<EOF>", key: "<EOF>", from: length, to: length });
  return tokens;
}

function unexpectedCharacter(title: string, text: string, start: number): Error {
  const from = start + (text.slice(start).length - text.slice(start).trimStart().length);
  const near = text.slice(Math.max(0, from - 8), from + 8).trim();
  return invalidExpression({ title }, `Syntax error; token: "${text[from]}", near: "${near}"`);
}

export const peek = (reader: Reader): Token => reader.tokens[reader.position] as Token;
export const peekNext = (reader: Reader): Token => reader.tokens[Math.min(reader.position + 1, reader.tokens.length - 1)] as Token;
export function takeToken(reader: Reader): Token {
  const token = peek(reader);
  if (token.kind !== "end") reader.position++;
  return token;
}
/** Reads the next token when it is this keyword or symbol. */
export function accept(reader: Reader, key: string): boolean {
  const token = peek(reader);
  if (token.key !== key || (token.kind !== "word" && token.kind !== "symbol")) return false;
  reader.position++;
  return true;
}
export function expect(reader: Reader, key: string): void {
  if (!accept(reader, key)) throw syntaxError(reader);
}
export function expectEnd(reader: Reader): void {
  if (peek(reader).kind !== "end") throw syntaxError(reader);
}
/** Syntax error at a token, as AWS writes it: the token and the text around it. */
export function syntaxError(reader: Reader, position = reader.position): Error {
  const token = reader.tokens[position] as Token;
  const before = reader.tokens[position - 1] ?? token;
  const after = reader.tokens[position + 1] ?? token;
  return invalidExpression(reader, `Syntax error; token: "${token.text}", near: "${reader.text.slice(before.from, after.to)}"`);
}
/** Runs `parse` one level deeper. */
export function parseNested<T>(reader: Reader, parse: () => T): T {
  if (reader.depth >= MAX_NESTING) throw invalidExpression(reader, "The expression has redundant parentheses;");
  reader.depth++;
  const result = parse();
  reader.depth--;
  return result;
}
