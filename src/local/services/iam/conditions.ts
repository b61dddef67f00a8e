import { BlockList, isIP } from "node:net";
import { arnPattern, wildcard } from "./patterns.ts";

/** The values of a context key (given in lower case); undefined when the request does not have it. */
export type ContextOf = (key: string) => readonly string[] | undefined;
export interface Condition {
  readonly keys: readonly string[];
  readonly variables: boolean;
  readonly test: (context: ContextOf) => boolean;
}
export type Conditions = readonly Condition[];

/** Keys whose value depends only on the principal. */
const CACHEABLE_KEYS = new Set([
  "aws:securetransport",
  "aws:principalarn",
  "aws:principalaccount",
  "aws:principaltype",
  "aws:principalservicename",
  "aws:principalisawsservice",
  "aws:sourcearn",
  "aws:sourceaccount",
  "aws:sourceip",
  "aws:viaawsservice",
  "aws:resourceaccount",
]);
export const isCacheable = (conditions: Conditions): boolean =>
  conditions.every((condition) => !condition.variables && condition.keys.every((key) => CACHEABLE_KEYS.has(key)));

/** Compiles the `Condition` of a statement. All of its entries must match. */
export function compileConditions(block: Readonly<Record<string, Readonly<Record<string, unknown>>>>): Conditions {
  return Object.entries(block).flatMap(([operator, entries]) =>
    Object.entries(entries).map(([key, value]) =>
      compileCondition(operator, key.toLowerCase(), Array.isArray(value) ? value.map(String) : [String(value)]),
    ),
  );
}

function compileCondition(operator: string, key: string, expected: readonly string[]): Condition {
  const [, quantifier, name = "", ifExists] = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/i.exec(operator) ?? [];
  const variables = expected.some(hasVariables);
  const base = { keys: [key], variables };
  if (name.toLowerCase() === "null") return { ...base, test: (context) => (context(key) === undefined) === (expected[0] === "true") };
  const compare = COMPARISONS[name.toLowerCase().replace("not", "")];
  const negated = /not/i.test(name);
  const test = (context: ContextOf): boolean => {
    const actual = context(key);
    if (actual === undefined || actual.length === 0) {
      if (quantifier?.toLowerCase() === "forallvalues") return true;
      if (quantifier?.toLowerCase() === "foranyvalue") return false;
      return ifExists !== undefined || negated;
    }
    const values = variables ? expected.map((text) => expandVariables(text, context)).filter((text) => text !== undefined) : expected;
    const holds = (value: string) => values.some((expectedValue) => compare?.(value, expectedValue) ?? false) !== negated;
    return quantifier?.toLowerCase() === "foranyvalue" ? actual.some(holds) : actual.every(holds);
  };
  return { ...base, test };
}

type Comparison = (actual: string, expected: string) => boolean;
const byNumber =
  (test: (a: number, b: number) => boolean): Comparison =>
  (a, b) =>
    Number.isFinite(Number(a)) && Number.isFinite(Number(b)) && test(Number(a), Number(b));
const milliseconds = (text: string): number => (/^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text));
const byDate =
  (test: (a: number, b: number) => boolean): Comparison =>
  (a, b) =>
    test(milliseconds(a), milliseconds(b));
const byArn: Comparison = (actual, expected) => arnPattern(expected).test(actual);

/** Comparisons by the operator's name, in lower case and without its negation. */
const COMPARISONS: Readonly<Record<string, Comparison>> = {
  stringequals: (a, b) => a === b,
  stringequalsignorecase: (a, b) => a.toLowerCase() === b.toLowerCase(),
  stringlike: (a, b) => wildcard(b).test(a),
  numericequals: byNumber((a, b) => a === b),
  numericlessthan: byNumber((a, b) => a < b),
  numericlessthanequals: byNumber((a, b) => a <= b),
  numericgreaterthan: byNumber((a, b) => a > b),
  numericgreaterthanequals: byNumber((a, b) => a >= b),
  dateequals: byDate((a, b) => a === b),
  datelessthan: byDate((a, b) => a < b),
  datelessthanequals: byDate((a, b) => a <= b),
  dategreaterthan: byDate((a, b) => a > b),
  dategreaterthanequals: byDate((a, b) => a >= b),
  bool: (a, b) => a.toLowerCase() === b.toLowerCase(),
  binaryequals: (a, b) => a === b,
  ipaddress: isInAddressRange,
  arnequals: byArn,
  arnlike: byArn,
};

function isInAddressRange(address: string, range: string): boolean {
  const [network = "", bits] = range.split("/");
  const family = isIP(network) === 6 ? "ipv6" : "ipv4";
  if (isIP(network) === 0 || isIP(address) === 0) return false;
  const block = new BlockList();
  block.addSubnet(network, bits === undefined ? (family === "ipv6" ? 128 : 32) : Number(bits), family);
  return block.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}

export const hasVariables = (text: string): boolean => text.includes("${");
/** Replaces variables such as `${aws:username}`; undefined when the request lacks the key and the text has no default. */
export function expandVariables(text: string, context: ContextOf): string | undefined {
  let missing = false;
  const expanded = text.replace(/\$\{([^}]+)\}/g, (_, inside: string) => {
    if (["*", "?", "$"].includes(inside)) return inside;
    const [key = "", fallback] = inside.split(/,\s*/);
    const value = context(key.trim().toLowerCase())?.[0] ?? fallback?.replace(/^'(.*)'$/, "$1");
    if (value === undefined) missing = true;
    return value ?? "";
  });
  return missing ? undefined : expanded;
}
