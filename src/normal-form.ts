/**
 * The form in which values with the same meaning are equal: without undefined, null, empty lists and objects, which AWS adds or drops, and
 * with sorted lists, because no list that we compare has a meaningful order.
 */
export function normalForm(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(normalForm).filter((item) => item !== undefined);
    return items.length === 0 ? undefined : items.toSorted((a, b) => order(JSON.stringify(a), JSON.stringify(b)));
  }
  if (value === null) return undefined;
  if (typeof value !== "object") return value;
  const entries = Object.entries(value)
    .map(([key, item]) => [key, normalForm(item)] as const)
    .filter(([, item]) => item !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries.toSorted(([a], [b]) => order(a, b)));
}
const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
