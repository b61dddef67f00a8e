/**
 * The form in which two values mean the same: without AWS's phantoms (undefined, null, empty lists and objects), with lists
 * in a fixed order, because no list that we compare means anything by its order.
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
