import { BlockList, isIP } from "node:net";

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type Policy = { readonly [key: string]: Json };
/** The message's values at a path; undefined when the path is absent. */
type Values = (path: readonly string[]) => readonly Json[] | undefined;

const OPERATORS = new Set(["prefix", "suffix", "anything-but", "numeric", "exists", "equals-ignore-case", "cidr"]);

/** A filter policy that AWS refuses, in AWS's words without the name of the parameter and without the place in the text. */
export class PolicyError extends Error {}
const refused = (message: string): PolicyError => new PolicyError(message);

/** Checks a filter policy. Throws `PolicyError`. */
export function checkFilterPolicy(text: string, scope: string): void {
  let policy: unknown;
  try {
    policy = JSON.parse(text);
  } catch {
    throw refused("failed to parse JSON.");
  }
  if (typeof policy !== "object" || policy === null || Array.isArray(policy)) throw refused("Null values are not allowed in top-level");
  const nests = checkLevel(policy as Policy, 1);
  if (nests && scope !== "MessageBody") throw refused("Filter policy scope MessageAttributes does not support nested filter policy");
  checkSize(policy as Policy);
}

const MAX_KEYS = 5;
const MAX_COMBINATIONS = 150;
/** Deeper policies exceed the limit of combinations anyway. */
const MAX_DEPTH = 150;
/** Checks AWS's limit of combinations: the product over all keys of the number of values, times the depth for nested keys. */
function checkSize(policy: Policy): void {
  const leaves = leavesOf(policy, 1);
  if (leaves.length > MAX_KEYS) throw refused(`Filter policy can not have more than ${MAX_KEYS} keys`);
  if (leaves.reduce((product, { values, depth }) => product * values * depth, 1) > MAX_COMBINATIONS)
    throw refused("Filter policy is too complex");
}
const leavesOf = (policy: Policy, depth: number): { values: number; depth: number }[] =>
  Object.entries(policy).flatMap(([key, rule]) => {
    if (key === "$or" && Array.isArray(rule) && rule.every(isObject))
      return rule.flatMap((alternative) => leavesOf(alternative as Policy, depth));
    return Array.isArray(rule) ? [{ values: rule.length, depth }] : leavesOf(rule as Policy, depth + 1);
  });

/** True if a key's rule is a policy of its own. */
function checkLevel(policy: Policy, depth: number): boolean {
  if (depth > MAX_DEPTH) throw refused("Filter policy is too complex");
  let nests = false;
  for (const [key, rule] of Object.entries(policy)) {
    if (key === "$or" && Array.isArray(rule) && rule.every(isObject)) {
      for (const alternative of rule) nests = checkLevel(alternative as Policy, depth + 1) || nests;
    } else if (isObject(rule)) {
      checkLevel(rule as Policy, depth + 1);
      nests = true;
    } else checkConditions(key, rule);
  }
  return nests;
}

function checkConditions(key: string, rule: Json): void {
  if (!Array.isArray(rule)) throw refused(`"${key}" must be an object or an array`);
  if (rule.length === 0) throw refused("Empty arrays are not allowed");
  for (const condition of rule) {
    if (Array.isArray(condition)) throw refused("Match value must be String, number, true, false, or null");
    if (!isObject(condition)) continue;
    const operators = Object.keys(condition as object);
    const unknown = operators.find((operator) => !OPERATORS.has(operator));
    if (unknown) throw refused(`Unrecognized match type ${unknown}`);
    if (operators.length !== 1) throw refused("Only one key allowed in match expression");
    const [operator, operand] = Object.entries(condition as object)[0] as [string, Json];
    checkOperand(operator, operand);
  }
}

function checkOperand(operator: string, operand: Json): void {
  if (operator === "exists" && typeof operand !== "boolean") throw refused("exists match pattern must be either true or false.");
  // AWS says "prefix" of cidr, too (recorded).
  if (/^(prefix|suffix|equals-ignore-case|cidr)$/.test(operator) && typeof operand !== "string")
    throw refused(`${operator === "cidr" ? "prefix" : operator} match pattern must be a string`);
  if (operator === "cidr") checkNetwork(operand as string);
  if (operator === "numeric") checkNumeric(operand);
  if (operator !== "anything-but" || !isObject(operand)) return;
  const [inner, value] = Object.entries(operand as object)[0] ?? ["", null];
  if (inner !== "prefix") throw refused(`Unsupported anything-but pattern: ${inner}`);
  for (const excluded of [value].flat()) checkOperand(inner, excluded as Json);
}

function checkNetwork(text: string): void {
  const [base = "", bits = "", ...more] = text.split("/");
  if (!text.includes("/") || more.length > 0) throw refused("Malformed CIDR, one '/' required");
  if (!/^\d+$/.test(bits)) throw refused("Malformed CIDR, mask bits must be an integer");
  if (isIP(base) === 0) throw refused(`Nonstandard IP address: ${base}`);
  if (!networkOf(text)) throw refused("Malformed CIDR, mask bits must not exceed the length of an address");
}

/** A comparison (`["=", 1]`) or a range from a bottom to a top (`[">", 1, "<=", 5]`). The order of the checks was recorded. */
function checkNumeric(operand: Json): void {
  if (!Array.isArray(operand)) throw refused("Value of numeric must be an array.");
  const [operator, value, topOperator, top] = operand as readonly Json[];
  if (typeof operator !== "string") throw refused(`Invalid member in numeric match: ${operand.length === 0 ? "]" : operator}`);
  if (!/^(=|[<>]=?)$/.test(operator)) throw refused(`Unrecognized numeric range operator: ${operator}`);
  if (typeof value !== "number") throw refused(`Value of ${operator === "=" ? "equals" : operator} must be numeric`);
  if (operand.length === 2) return;
  if (!operator.startsWith(">")) throw refused("Too many elements in numeric expression");
  if (typeof topOperator !== "string") throw refused(`Bad value in numeric range: ${topOperator}`);
  if (!topOperator.startsWith("<") || topOperator.length > 2) throw refused(`Bad numeric range operator: ${topOperator}`);
  if (typeof top !== "number") throw refused(`Value of ${topOperator} must be numeric`);
  if (value >= top) throw refused("Bottom must be less than top");
  if (operand.length > 4) throw refused("Too many terms in numeric range expression");
}

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value);

export interface FilterableMessage {
  readonly body: string;
  readonly attributes: Readonly<Record<string, { readonly Type: string; readonly Value: string }>>;
}
/** True if the message matches the subscription's filter policy, or if there is none. */
export function matchesFilter(policyText: string | undefined, scope: string | undefined, message: FilterableMessage): boolean {
  if (!policyText) return true;
  const policy = JSON.parse(policyText) as Policy;
  if (scope !== "MessageBody") return matches(policy, [], attributeValues(message));
  const body = parsed(message.body);
  return isObject(body) && matches(policy, [], bodyValues(body as Policy));
}

function matches(policy: Policy, path: readonly string[], values: Values): boolean {
  return Object.entries(policy).every(([key, rule]) => {
    if (key === "$or" && Array.isArray(rule) && rule.every(isObject))
      return rule.some((alternative) => matches(alternative as Policy, path, values));
    if (isObject(rule)) return matches(rule as Policy, [...path, key], values);
    const found = values([...path, key]);
    return (rule as readonly Json[]).some((condition) => isSatisfied(condition, found));
  });
}

function isSatisfied(condition: Json, found: readonly Json[] | undefined): boolean {
  if (isObject(condition)) {
    const [operator, operand] = Object.entries(condition as object)[0] as [string, Json];
    if (operator === "exists") return (found !== undefined) === operand;
    if (operator === "anything-but") return found?.every((value) => !isExcluded(operand, value)) ?? false;
    return found?.some((value) => matchesOperator(operator, operand, value)) ?? false;
  }
  return found?.some((value) => value === condition) ?? false;
}

/** The operand of anything-but: a value, a list of values, or another operator. */
function isExcluded(operand: Json, value: Json): boolean {
  if (Array.isArray(operand)) return operand.includes(value);
  if (!isObject(operand)) return operand === value;
  const [operator, inner] = Object.entries(operand as object)[0] as [string, Json];
  return (Array.isArray(inner) ? inner : [inner]).some((excluded) => matchesOperator(operator, excluded, value));
}

function matchesOperator(operator: string, operand: Json, value: Json): boolean {
  if (operator === "numeric") return typeof value === "number" && isInRange(operand as readonly (string | number)[], value);
  if (typeof value !== "string" || typeof operand !== "string") return false;
  if (operator === "prefix") return value.startsWith(operand);
  if (operator === "suffix") return value.endsWith(operand);
  if (operator === "equals-ignore-case") return value.toLowerCase() === operand.toLowerCase();
  return operator === "cidr" && inNetwork(operand, value);
}

function isInRange(comparisons: readonly (string | number)[], value: number): boolean {
  for (let i = 0; i + 1 < comparisons.length; i += 2) {
    const bound = comparisons[i + 1] as number;
    const holds = { "=": value === bound, ">": value > bound, ">=": value >= bound, "<": value < bound, "<=": value <= bound }[
      comparisons[i] as string
    ];
    if (!holds) return false;
  }
  return true;
}

const inNetwork = (network: string, address: string): boolean =>
  isIP(address) > 0 && (networkOf(network)?.check(address, isIP(address) === 6 ? "ipv6" : "ipv4") ?? false);
/** Undefined when the text is not a network such as 10.0.0.0/8. */
function networkOf(text: string): BlockList | undefined {
  const [base = "", bits = ""] = text.split("/");
  const kind = isIP(base);
  if (kind === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > (kind === 6 ? 128 : 32)) return undefined;
  const network = new BlockList();
  network.addSubnet(base, Number(bits), kind === 6 ? "ipv6" : "ipv4");
  return network;
}

const attributeValues =
  ({ attributes }: FilterableMessage): Values =>
  ([name = ""]) => {
    const attribute = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
    if (!attribute) return undefined;
    if (attribute.Type.startsWith("Number")) return [Number(attribute.Value)];
    if (!attribute.Type.startsWith("String.Array")) return [attribute.Value];
    const list = parsed(attribute.Value);
    return Array.isArray(list) ? (list as Json[]) : [];
  };

/** The values at a path of a message body. A list on the path contributes the values of all its elements. */
const bodyValues =
  (body: Policy): Values =>
  (path) => {
    let level: Json[] = [body];
    for (const key of path)
      level = level.flatMap((node) =>
        isObject(node) && Object.hasOwn(node as Policy, key) ? flattened((node as Policy)[key] as Json) : [],
      );
    return level.length > 0 ? level : undefined;
  };
const flattened = (value: Json): Json[] => (Array.isArray(value) ? value.flatMap(flattened) : [value]);

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
