/**
 * Walks a graph: an item starts as soon as all that it comes after are done; where one of them is not, the item and all that
 * comes after it are skipped, and nothing else is. `one` answers whether what comes after may go on.
 * Of items that may start at the same time, those named first do. How many calls run at once is not decided here (slots.ts),
 * so that a long wait holds nobody up.
 */
export async function walk<T extends { readonly id: string }>(
  items: readonly T[],
  after: (item: T) => readonly string[],
  one: (item: T) => Promise<boolean>,
  skip: (item: T, because: readonly string[]) => void,
): Promise<void> {
  const byId = new Map(items.map((item) => [item.id, item]));
  const begun = new Map<string, Promise<boolean>>();
  const reach = (item: T): Promise<boolean> => {
    const running = begun.get(item.id) ?? visit(item);
    begun.set(item.id, running);
    return running;
  };
  const visit = async (item: T): Promise<boolean> => {
    const before = after(item).flatMap((id) => byId.get(id) ?? []);
    const went = await Promise.all(before.map(async (b) => ({ id: b.id, on: await reach(b) })));
    const because = went.filter((b) => !b.on).map((b) => b.id);
    if (because.length === 0) return one(item);
    skip(item, because);
    return false;
  };
  await Promise.all(items.map(reach));
}
