import type { Format } from "./format.ts";
import type { Store } from "./store.ts";
import type { Say } from "./words.ts";

/** Shared state and functions for all parts of the page. */
export interface Context {
  readonly store: Store;
  readonly say: Say;
  readonly format: Format;
  readonly select: (id: string | undefined, move: boolean) => void;
  readonly now: () => number;
}
