/** A text from AWS as JSON; undefined when it is none. Others may have written it, so its form has to be checked, too. */
export function parseJson(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
/** The same for IAM's policies, which come URL-encoded. */
export function parseEncodedJson(text: string): unknown {
  if (text.trimStart().startsWith("{")) return parseJson(text);
  try {
    return parseJson(decodeURIComponent(text));
  } catch {
    return undefined;
  }
}
