import { FUNCTION_NAMES } from "../../handlers/contract/functions.ts";
import type { Config, FunctionName } from "../config/config.ts";
import { oneOf } from "../config/one-of.ts";

/** Converts short names (`verify-delivery`) and names on AWS to short names, without duplicates; USAGE for another name. Pure. */
export function functionNames(words: readonly string[], config: Config): readonly FunctionName[] {
  return [...new Set(words.map((word) => functionName(word, config)))];
}
export function functionName(word: string, config: Config): FunctionName {
  const found = FUNCTION_NAMES.find((name) => name === word || config.functions.names[name] === word);
  if (found) return found;
  return oneOf("function", word, FUNCTION_NAMES);
}
