import { matchesGlob } from "../../core/glob.ts";
import { LocalFault } from "../../core/service.ts";

type Test = (value: unknown) => boolean;
const TOKEN = /\s*(&&|\|\||[()]|!=|<=|>=|=|<|>|"(?:[^"\\]|\\.)*"|\$[\w.[\]$@"-]*|[^\s()&|=<>!]+)/y;

/** `{ ($.level = "ERROR") && ($.n >= 3 || $.user.name = "a*") }` as a predicate on messages. A message that is not JSON does not match. */
export function jsonPattern(text: string): (message: string) => boolean {
  if (!text.endsWith("}")) throw invalid();
  const tokens = tokensOf(text.slice(1, -1));
  const test = parseOr(tokens);
  if (tokens.length > 0) throw invalid();
  return (message) => {
    try {
      return test(JSON.parse(message));
    } catch {
      return false;
    }
  };
}

const invalid = (): LocalFault => new LocalFault("InvalidParameterException", "Invalid filter pattern");

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const found = TOKEN.exec(text);
    if (!found) throw invalid();
    tokens.push(found[1] as string);
  }
  return tokens;
}

function parseOr(tokens: string[]): Test {
  const first = parseAnd(tokens);
  if (tokens[0] !== "||") return first;
  tokens.shift();
  const rest = parseOr(tokens);
  return (value) => first(value) || rest(value);
}
function parseAnd(tokens: string[]): Test {
  const first = parseTerm(tokens);
  if (tokens[0] !== "&&") return first;
  tokens.shift();
  const rest = parseAnd(tokens);
  return (value) => first(value) && rest(value);
}
function parseTerm(tokens: string[]): Test {
  if (tokens[0] !== "(") return parseCondition(tokens);
  tokens.shift();
  const inner = parseOr(tokens);
  if (tokens.shift() !== ")") throw invalid();
  return inner;
}

function parseCondition(tokens: string[]): Test {
  const selector = tokens.shift();
  const operator = tokens.shift()?.toUpperCase();
  if (!selector?.startsWith("$") || !operator) throw invalid();
  const path = pathOf(selector);
  const operand = tokens.shift();
  if (operand === undefined) throw invalid();
  if (operator === "NOT" && operand.toUpperCase() === "EXISTS") return (value) => at(value, path) === undefined;
  if (operator === "IS") {
    const wanted = { TRUE: true, FALSE: false, NULL: null }[operand.toUpperCase()];
    if (wanted === undefined) throw invalid();
    return (value) => at(value, path) === wanted;
  }
  return compare(operator, operand, path);
}

function compare(operator: string, operand: string, path: readonly string[]): Test {
  const quoted = operand.startsWith('"');
  const text = quoted ? operand.slice(1, -1).replace(/\\(.)/g, "$1") : operand;
  const number = quoted ? Number.NaN : Number(text);
  const equals = (found: unknown): boolean =>
    typeof found === "number" && !Number.isNaN(number) ? found === number : found !== null && fitsStars(text, String(found));
  const ordered = (test: (found: number) => boolean): Test => {
    if (Number.isNaN(number)) throw invalid();
    return (value) => {
      const found = at(value, path);
      return typeof found === "number" && test(found);
    };
  };
  if (operator === "=") return (value) => at(value, path) !== undefined && equals(at(value, path));
  if (operator === "!=") return (value) => at(value, path) !== undefined && !equals(at(value, path));
  if (operator === ">") return ordered((found) => found > number);
  if (operator === ">=") return ordered((found) => found >= number);
  if (operator === "<") return ordered((found) => found < number);
  if (operator === "<=") return ordered((found) => found <= number);
  throw invalid();
}

/** True if the text matches a pattern in which only `*` is special. */
const fitsStars = (pattern: string, text: string): boolean =>
  pattern.includes("?") ? matchesGlob(pattern.replaceAll("?", "\u0000"), text.replaceAll("?", "\u0000")) : matchesGlob(pattern, text);

/** `$.a.b[0]["c d"]` → a, b, 0, c d */
const pathOf = (selector: string): string[] =>
  [...selector.slice(1).matchAll(/\["([^"]+)"\]|\[(\d+)\]|\.?([^.[\]]+)/g)].map(
    ([, quoted, index, name]) => quoted ?? index ?? (name as string),
  );

const at = (value: unknown, path: readonly string[]): unknown =>
  path.reduce(
    (found: unknown, key) => (typeof found === "object" && found !== null ? (found as Record<string, unknown>)[key] : undefined),
    value,
  );
