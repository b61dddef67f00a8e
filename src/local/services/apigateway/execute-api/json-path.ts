const STEP = /\.([A-Za-z_$][\w$-]*)|\[(\d+)\]|\['([^']*)'\]|\["([^"]*)"\]/y;

/**
 * The value at a path such as `$.items[0]['a b']`, with or without `$`; undefined where there is none.
 * Wildcards, filters and `..` are refused with an error that names the path.
 */
export function jsonAt(document: unknown, path: string): unknown {
  const steps = path.startsWith("$") ? path.slice(1) : path.startsWith("[") || path === "" ? path : `.${path}`;
  let value = document;
  STEP.lastIndex = 0;
  for (let at = 0; at < steps.length; at = STEP.lastIndex) {
    STEP.lastIndex = at;
    const [, name, index, single, double] = STEP.exec(steps) ?? [];
    const key = name ?? index ?? single ?? double;
    if (key === undefined) throw new Error(`The local AWS reads plain JSON paths only: ${path}`);
    value = Object.hasOwn(Object(value), key) ? (value as Record<string, unknown>)[key] : undefined;
  }
  return value;
}
