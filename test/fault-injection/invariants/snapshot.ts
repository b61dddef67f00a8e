import { type Documents, isVolatile } from "./documents.ts";

/** Ids, times and secrets that differ from run to run, with the word that replaces them. */
const VARYING: readonly (readonly [RegExp, string])[] = [
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "<uuid>"],
  [/\b(sg|sgr|vpc|subnet|eni|igw)-[0-9a-f]{8,}/g, "$1-<id>"],
  [/\bA(ROA|IDA)[A-Z0-9]{17,}/g, "<role id>"],
  [/\bdb-[A-Z0-9]{20,}/g, "<db id>"],
  [/\b20\d\d-\d\d-\d\dT[\d:.]+Z/g, "<time>"],
  [/\d{8}T?-?\d{6}Z?/g, "<stamp>"],
];

/** A document as text, varying parts masked, keys and lists sorted: equal documents give equal texts. */
function canonical(value: unknown, mask: (text: string) => string): string {
  if (typeof value === "number") return value > 1e12 ? "<time>" : String(value);
  if (typeof value === "string") return canonicalText(value, mask);
  if (Array.isArray(value))
    return `[${value
      .map((item) => canonical(item, mask))
      .sort()
      .join(",")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  const entries = Object.entries(value).filter(([key]) => !HIDDEN.has(key));
  return `{${entries
    .map(([key, item]) => `${mask(key)}:${canonical(item, mask)}`)
    .sort()
    .join(",")}}`;
}
/** Policies and settings are stored as JSON text. */
function canonicalText(text: string, mask: (text: string) => string): string {
  if (!/^[[{]/.test(text)) return mask(text);
  try {
    return canonical(JSON.parse(text), mask);
  } catch {
    return mask(text);
  }
}
/** Members with times, counters or secrets. */
const HIDDEN = new Set(["passing", "steps", "versions", "value", "revisionId", "updatedAt", "lastUpdated", "usage", "token"]);
/** A killed run leaves its lock, and a run with nothing to do makes no writing call, so it does not remove the lock. */
const LOCK = ".fleetlogix/lock.json";

/** The state of all services as sorted lines: equal for equal stacks. `foreign`: documents that are left out. */
export function snapshot(documents: Documents, foreign: Documents): readonly string[] {
  const ids = [...documents.keys()].filter((key) => key.startsWith("apigateway.")).flatMap((key) => (key.split(" ")[1] ?? "").split("/"));
  const random = new Set(ids.filter((id) => /^[a-z0-9]{6,10}$/.test(id)));
  const mask = (text: string): string => {
    let masked = text;
    for (const id of random) masked = masked.replaceAll(id, "<api id>");
    for (const [pattern, replacement] of VARYING) masked = masked.replace(pattern, replacement);
    return masked.replace(/^[a-z0-9]{6}$|^[a-z0-9]{10}$/, "<id>").replace(/(secret:rds!db-<uuid>)-\w{6}/, "$1");
  };
  return [...documents]
    .filter(([key, value]) => !foreign.has(key) && !isVolatile(key) && !JSON.stringify(value)?.includes(LOCK))
    .map(([key, value]) => `${mask(key)} ${canonical(value, mask)}`)
    .sort();
}

export function difference(expected: readonly string[], got: readonly string[]): string | undefined {
  const missing = expected.filter((line) => !got.includes(line));
  const extra = got.filter((line) => !expected.includes(line));
  if (missing.length + extra.length === 0 && expected.length === got.length) return undefined;
  return `${expected.length} documents wanted, ${got.length} there; missing ${missing.length}: ${from(missing[0], extra[0])}; extra ${extra.length}: ${from(extra[0], missing[0])}`;
}

const [BEFORE, SHOWN] = [80, 400];
/** The key of a document, and its text around the first difference to the other. */
function from(line = "none", other = ""): string {
  let at = 0;
  while (at < line.length && line[at] === other[at]) at += 1;
  const begin = Math.max(0, at - BEFORE);
  return `${begin === 0 ? "" : `${line.slice(0, BEFORE)} … `}${line.slice(begin, begin + SHOWN)}`;
}

/**
 * Leaves out what an earlier configuration leaves: older versions of functions, version numbers, and the tags of the API in a deployment.
 */
export const withoutPast = (lines: readonly string[]): readonly string[] =>
  lines
    .filter((line) => !line.startsWith("lambda.versions "))
    .map((line) => (line.startsWith("apigateway.deployments ") ? line.replace(/,tags:\{[^}]*\}/, "") : line))
    .map((line) => (/^lambda\.(aliases|functions) /.test(line) ? line.replace(/(version|lastVersion|<id>):\d+/g, "$1:<n>") : line));
