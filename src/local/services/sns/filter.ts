import { BlockList, isIP } from "node:net";
import { invalid } from "./state.ts";

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type Policy = { readonly [key: string]: Json };
/** The message's values at a path; undefined when the path is absent. */
type Values = (path: readonly string[]) => readonly Json[] | undefined;

const OPERATORS = new Set(["prefix", "suffix", "anything-but", "numeric", "exists", "equals-ignore-case", "cidr"]);

/** Checks a filter policy. Throws InvalidParameterException in AWS's words. */
export function checkFilterPolicy(text: string, scope: string): void {
  let policy: unknown;
  try {
    policy = JSON.parse(text);
  } catch {
    throw invalid("FilterPolicy: failed to parse JSON.");
  }
  if (typeof policy !== "object" || policy === null || Array.isArray(policy))
    throw invalid("FilterPolicy: Null values are not allowed in top-level");
  checkLevel(policy as Policy, scope === "MessageBody", 1);
  checkSize(policy as Policy);
}

const MAX_KEYS = 5;
const MAX_COMBINATIONS = 150;
/** Deeper policies exceed the limit of combinations anyway. */
const MAX_DEPTH = 150;
/** Checks AWS's limit of combinations: the product over all keys of the number of values, times the depth for nested keys. */
function checkSize(policy: Policy): void {
  const leaves = leavesOf(policy, 1);
  if (leaves.length > MAX_KEYS) throw invalid(`FilterPolicy: Filter policy can not have more than ${MAX_KEYS} keys`);
  if (leaves.reduce((product, { values, depth }) => product * values * depth, 1) > MAX_COMBINATIONS)
    throw invalid("FilterPolicy: Filter policy is too complex");
}
const leavesOf = (policy: Policy, depth: number): { values: number; depth: number }[] =>
  Object.entries(policy).flatMap(([key, rule]) => {
    if (key === "$or" && Array.isArray(rule) && rule.every(isObject))
      return rule.flatMap((alternative) => leavesOf(alternative as Policy, depth));
    return Array.isArray(rule) ? [{ values: rule.length, depth }] : leavesOf(rule as Policy, depth + 1);
  });

function checkLevel(policy: Policy, mayNest: boolean, depth: number): void {
  if (depth > MAX_DEPTH) throw invalid("FilterPolicy: Filter policy is too complex");
  for (const [key, rule] of Object.entries(policy)) {
    if (key === "$or" && Array.isArray(rule) && rule.every(isObject)) {
      for (const alternative of rule) checkLevel(alternative as Policy, mayNest, depth + 1);
      continue;
    }
    if (isObject(rule)) {
      if (!mayNest) throw invalid("FilterPolicy: Filter policy scope MessageAttributes does not support nested filter policy");
      checkLevel(rule as Policy, mayNest, depth + 1);
      continue;
    }
    if (!Array.isArray(rule)) throw invalid(`FilterPolicy: "${key}" must be an object or an array`);
    if (rule.length === 0) throw invalid("FilterPolicy: Empty arrays are not allowed");
    for (const condition of rule) {
      if (Array.isArray(condition)) throw invalid("FilterPolicy: Match value must be String, number, true, false, or null");
      if (!isObject(condition)) continue;
      const operators = Object.keys(condition as object);
      const unknown = operators.find((operator) => !OPERATORS.has(operator));
      if (unknown) throw invalid(`FilterPolicy: Unrecognized match type ${unknown}`);
      if (operators.length !== 1) throw invalid("FilterPolicy: Only one key allowed in match expression");
      const [operator, operand] = Object.entries(condition as object)[0] as [string, Json];
      checkOperand(operator, operand);
    }
  }
}

function checkOperand(operator: string, operand: Json): void {
  if (operator === "exists" && typeof operand !== "boolean")
    throw invalid("FilterPolicy: exists match pattern must be either true or false.");
  if (/^(prefix|suffix|equals-ignore-case|cidr)$/.test(operator) && typeof operand !== "string")
    throw invalid(`FilterPolicy: ${operator} match pattern must be a string`);
  if (operator === "cidr" && !networkOf(operand as string)) throw invalid("FilterPolicy: Malformed CIDR, one '/' required");
  if (operator === "numeric") checkNumeric(operand);
  if (operator !== "anything-but" || !isObject(operand)) return;
  const [inner, value] = Object.entries(operand as object)[0] ?? ["", null];
  if (!/^(prefix|suffix|equals-ignore-case)$/.test(inner)) throw invalid(`FilterPolicy: Unsupported anything-but pattern: ${inner}`);
  for (const excluded of [value].flat()) checkOperand(inner, excluded as Json);
}
function checkNumeric(operand: Json): void {
  if (!Array.isArray(operand)) throw invalid("FilterPolicy: Value of numeric must be an array.");
  if (operand.length === 0 || operand.length % 2 > 0)
    throw invalid("FilterPolicy: Invalid member in numeric match: a comparison needs a number");
  operand.forEach((member, i) => {
    if (i % 2 === 0 && !/^(=|[<>]=?)$/.test(String(member))) throw invalid(`FilterPolicy: Unrecognized numeric range operator: ${member}`);
    if (i % 2 === 1 && typeof member !== "number")
      throw invalid(`FilterPolicy: Value of ${operand[i - 1] === "=" ? "equals" : operand[i - 1]} must be numeric`);
  });
  if (operand.length === 4 && (String(operand[0]).startsWith("<") || Number(operand[1]) >= Number(operand[3])))
    throw invalid("FilterPolicy: Bottom must be less than top");
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
