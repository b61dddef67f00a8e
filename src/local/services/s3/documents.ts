/** Writes a configuration as JSON. Its dates get a mark, because JSON would turn them into plain text. */
export function freeze(value: unknown): string {
  return JSON.stringify(value, function (this: Record<string, unknown>, key, plain: unknown) {
    const own = this[key];
    return own instanceof Date ? { $date: own.getTime() } : plain;
  });
}
/** Reads a configuration that the caller does not change. Recent texts are not parsed a second time. */
export function thawOnce<T>(text: string): T {
  const known = thawed.get(text);
  if (known !== undefined) return known as T;
  if (thawed.size >= MOST_THAWED) thawed.clear();
  const value = thaw<T>(text);
  thawed.set(text, value);
  return value;
}
const thawed = new Map<string, unknown>();
const MOST_THAWED = 100;

export function thaw<T>(text: string): T {
  return JSON.parse(text, (_, value: unknown) =>
    typeof value === "object" && value !== null && "$date" in value ? new Date(value.$date as number) : value,
  ) as T;
}
