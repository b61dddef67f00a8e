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
/** The state of reading an expression, which its parsers share. */
export interface Reader {
  /** The name in messages, such as "ConditionExpression". */
  readonly title: string;
  readonly text: string;
  readonly tokens: readonly Token[];
  at: number;
  depth: number;
}

/** AWS's limits. */
const MAX_BYTES = 4096;
const MAX_OPERATORS = 300;
/** An expression needs at most 300 levels, because AWS allows 300 operators. Deeper ones have needless parentheses. */
const MAX_NESTING = 350;
const OPERATORS = new Set(["AND", "OR", "NOT", "BETWEEN", "IN", "=", "<>", "<", "<=", ">", ">=", "+", "-"]);
const TOKEN = /\s*(?:([A-Za-z]\w*)|(#\w*)|(:\w*)|(\d+)|(<>|<=|>=|[=<>()[\],.+-]))/y;
const KINDS = ["word", "name", "value", "index", "symbol"] as const;

export const refuse = (reader: Pick<Reader, "title">, message: string): Error => invalid(`Invalid ${reader.title}: ${message}`);

export function readerOf(title: string, text: string): Reader {
  if (text.trim() === "") throw refuse({ title }, "The expression can not be empty;");
  const size = Buffer.byteLength(text);
  if (size > MAX_BYTES) throw refuse({ title }, `Expression size has exceeded the maximum allowed size; expression size: ${size}`);
  const reader = { title, text, tokens: tokensOf(title, text), at: 0, depth: 0 };
  const operators = reader.tokens.filter(({ key }) => OPERATORS.has(key)).length;
  if (operators > MAX_OPERATORS) throw refuse(reader, `The expression contains too many operators; operator count: ${MAX_OPERATORS + 1}`);
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

function unexpectedCharacter(title: string, text: string, at: number): Error {
  const from = at + (text.slice(at).length - text.slice(at).trimStart().length);
  const near = text.slice(Math.max(0, from - 8), from + 8).trim();
  return refuse({ title }, `Syntax error; token: "${text[from]}", near: "${near}"`);
}

export const peek = (reader: Reader): Token => reader.tokens[reader.at] as Token;
export const peekNext = (reader: Reader): Token => reader.tokens[Math.min(reader.at + 1, reader.tokens.length - 1)] as Token;
export function take(reader: Reader): Token {
  const token = peek(reader);
  if (token.kind !== "end") reader.at++;
  return token;
}
/** Reads the next token when it is this keyword or symbol. */
export function accept(reader: Reader, key: string): boolean {
  const token = peek(reader);
  if (token.key !== key || (token.kind !== "word" && token.kind !== "symbol")) return false;
  reader.at++;
  return true;
}
export function expect(reader: Reader, key: string): void {
  if (!accept(reader, key)) throw syntaxError(reader);
}
export function expectEnd(reader: Reader): void {
  if (peek(reader).kind !== "end") throw syntaxError(reader);
}
/** Syntax error at a token, as AWS writes it: the token and the text around it. */
export function syntaxError(reader: Reader, at = reader.at): Error {
  const token = reader.tokens[at] as Token;
  const before = reader.tokens[at - 1] ?? token;
  const after = reader.tokens[at + 1] ?? token;
  return refuse(reader, `Syntax error; token: "${token.text}", near: "${reader.text.slice(before.from, after.to)}"`);
}
/** Runs `parse` one level deeper. */
export function nested<T>(reader: Reader, parse: () => T): T {
  if (reader.depth >= MAX_NESTING) throw refuse(reader, "The expression has redundant parentheses;");
  reader.depth++;
  const result = parse();
  reader.depth--;
  return result;
}
