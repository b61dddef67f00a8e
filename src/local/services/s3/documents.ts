/** Configurations hold times, which JSON would turn into text: they are marked on the way into the journal. */
export function freeze(value: unknown): string {
  return JSON.stringify(value, function (this: Record<string, unknown>, key, plain: unknown) {
    const own = this[key];
    return own instanceof Date ? { $date: own.getTime() } : plain;
  });
}
export function thaw<T>(text: string): T {
  return JSON.parse(text, (_, value: unknown) =>
    typeof value === "object" && value !== null && "$date" in value ? new Date(value.$date as number) : value,
  ) as T;
}
