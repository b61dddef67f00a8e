/** Parses a text from AWS; undefined when it is no JSON. Somebody else may have written it: check the result with a schema. */
export function parseJson(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
/** The same for IAM's policies, which are URL-encoded. */
export function parseEncodedJson(text: string): unknown {
  if (text.trimStart().startsWith("{")) return parseJson(text);
  try {
    return parseJson(decodeURIComponent(text));
  } catch {
    return undefined;
  }
}
