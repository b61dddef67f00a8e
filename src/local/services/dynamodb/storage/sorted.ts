import imported from "sorted-btree";

/** Node sees the CommonJS module itself; bundlers and test runners see its default export. */
const Tree = "default" in imported ? imported.default : (imported as (typeof imported)["default"]);

/** A map whose keys are kept in the order of their characters. */
export type Sorted<T> = InstanceType<typeof imported.default<string, T>>;
export const sorted = <T>(): Sorted<T> => new Tree<string, T>(undefined, (a, b) => (a < b ? -1 : a > b ? 1 : 0));

/** A part of a map: from the first key on, up to but not including the last. */
export interface KeyRange {
  readonly from: string;
  readonly to: string;
}

/** The next entry of the range in its order; undefined at its end. The map may change between two steps. */
export function step<T>(map: Sorted<T>, range: KeyRange, reverse: boolean, last: string | undefined): readonly [string, T] | undefined {
  if (reverse) {
    const pair = map.nextLowerPair(last ?? range.to);
    return pair && pair[0] >= range.from ? pair : undefined;
  }
  const pair = last === undefined ? map.getPairOrNextHigher(range.from) : map.nextHigherPair(last);
  return pair && pair[0] < range.to ? pair : undefined;
}
