import { FUNCTION_NAMES } from "../../handlers/contract/functions.ts";
import type { Config, FunctionName } from "../config/config.ts";
import { oneOf } from "../config/one-of.ts";

/** Short names (`verify-delivery`) or the names on AWS → short names, each once; USAGE for any other. Pure. */
export function functionNames(words: readonly string[], config: Config): readonly FunctionName[] {
  return [...new Set(words.map((word) => functionName(word, config)))];
}
export function functionName(word: string, config: Config): FunctionName {
  const found = FUNCTION_NAMES.find((name) => name === word || config.functions.names[name] === word);
  if (found) return found;
  return oneOf("function", word, FUNCTION_NAMES);
}
