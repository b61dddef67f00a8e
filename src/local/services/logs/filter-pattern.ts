import { LocalFault } from "../../core/service.ts";
import { jsonPattern } from "./json-pattern.ts";

export type Matcher = (message: string) => boolean;

/** A matcher for CloudWatch's filter syntax: terms, "phrases", ?optional, -excluded, %regular expressions%, { $.json = "conditions" }. */
export function filterPattern(pattern: string | undefined): Matcher {
  const text = pattern?.trim() ?? "";
  if (!text) return () => true;
  if (text.startsWith("{")) return jsonPattern(text);
  if (text.startsWith("["))
    throw new LocalFault("NotImplemented", "The local AWS does not implement space-delimited patterns of logs:FilterLogEvents.", 501);
  const terms = [...text.matchAll(/([?-]?)(?:"((?:[^"\\]|\\.)*)"|%([^%]+)%|(\S+))/g)].map(([, mark, phrase, expression, word]) => ({
    mark,
    matches: expression === undefined ? contains(phrase?.replace(/\\(.)/g, "$1") ?? word ?? "") : matching(expression),
  }));
  const all = terms.filter(({ mark }) => mark === "");
  const any = terms.filter(({ mark }) => mark === "?");
  const none = terms.filter(({ mark }) => mark === "-");
  return (message) =>
    all.every(({ matches }) => matches(message)) &&
    !none.some(({ matches }) => matches(message)) &&
    // AWS ignores optional terms when there are required ones.
    (all.length > 0 || any.length === 0 || any.some(({ matches }) => matches(message)));
}

const contains =
  (text: string): Matcher =>
  (message) =>
    message.includes(text);

function matching(expression: string): Matcher {
  try {
    const compiled = new RegExp(expression);
    return (message) => compiled.test(message);
  } catch {
    throw invalidPattern();
  }
}
const invalidPattern = (): LocalFault => new LocalFault("InvalidParameterException", "Invalid filter pattern");
