import { invalid } from "./errors.ts";
import { hash } from "./identity.ts";

/**
 * A cursor holds the key of the last listed item, and a hash of the query. A cursor of another query is refused, because it would skip
 * items silently.
 */
export const toCursor = (key: readonly string[], scope: readonly string[]): string =>
  Buffer.from(JSON.stringify([scopeOf(scope), ...key])).toString("base64url");

/** The key in the cursor. Throws INVALID_REQUEST (400) when the cursor belongs to another query. */
export function fromCursor(cursor: string, scope: readonly string[], length: number): readonly string[] {
  const [of, ...key] = parse(cursor);
  if (of !== scopeOf(scope) || key.length !== length || key.includes(""))
    throw invalid([{ path: "cursor", message: "Must be `next` of an earlier answer to the same query." }]);
  return key;
}

const scopeOf = (scope: readonly string[]): string => hash(scope).slice(0, 8);

function parse(cursor: string): readonly string[] {
  try {
    const decoded: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
    return Array.isArray(decoded) && decoded.every((one) => typeof one === "string" && one.length <= 128) ? decoded : [];
  } catch {
    return [];
  }
}
