import { mayBeOurs } from "./ownership.ts";

/** All items of a paginated answer. */
export async function collect<Page, Item>(
  pages: AsyncIterable<Page>,
  itemsOf: (page: Page) => readonly Item[] | undefined,
): Promise<readonly Item[]> {
  const all: Item[] = [];
  for await (const page of pages) all.push(...(itemsOf(page) ?? []));
  return all;
}

/** Pages of a list for which the SDK has no paginator. `next`: where the next page begins; undefined: this was the last one. */
export async function* pagesOf<Page, From>(
  ask: (from?: From) => Promise<Page>,
  next: (page: Page) => From | undefined,
): AsyncGenerator<Page> {
  for (let from: From | undefined; ; ) {
    const page = await ask(from);
    yield page;
    from = next(page);
    if (!from) return;
  }
}

/** Ids of resources whose names begin as ours do, from a paginated list. */
export async function ourNames<Page>(
  pages: AsyncIterable<Page>,
  namesOf: (page: Page) => readonly (string | undefined)[] | undefined,
): Promise<readonly { readonly name: string }[]> {
  return (await collect(pages, namesOf)).filter(mayBeOurs).map((name) => ({ name }));
}
