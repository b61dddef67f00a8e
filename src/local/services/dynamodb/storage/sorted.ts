import imported from "sorted-btree";

/** Node sees the CommonJS module itself. Bundlers and test runners see its default export. */
const Tree = "default" in imported ? imported.default : (imported as (typeof imported)["default"]);

/** A map whose keys are kept in the order of their characters. */
export type Sorted<T> = InstanceType<typeof imported.default<string, T>>;
export const sorted = <T>(): Sorted<T> => new Tree<string, T>(undefined, (a, b) => (a < b ? -1 : a > b ? 1 : 0));

/** A range of keys: from the first key, inclusive, to the last, exclusive. */
export interface KeyRange {
  readonly from: string;
  readonly to: string;
}

/** The next entry of the range in its order; undefined at its end. The map may change between two calls. */
export function step<T>(map: Sorted<T>, range: KeyRange, reverse: boolean, last: string | undefined): readonly [string, T] | undefined {
  if (reverse) {
    const pair = map.nextLowerPair(last ?? range.to);
    return pair && pair[0] >= range.from ? pair : undefined;
  }
  const pair = last === undefined ? map.getPairOrNextHigher(range.from) : map.nextHigherPair(last);
  return pair && pair[0] < range.to ? pair : undefined;
}
