import type { ObjectStore } from "./store.ts";

/** The parts of a stack that compaction and queries use. */
export interface Lake {
  readonly store: ObjectStore;
  /** Every item of the alerts table. */
  alerts(): AsyncIterable<Readonly<Record<string, unknown>>>;
  /** Folder for temporary files. */
  readonly folder: string;
  readonly signal: AbortSignal;
}
/** Result for one part of a day: its copies (objects under `lake/`), their events, and the Parquet files. */
export interface PackedPart {
  readonly part: string;
  readonly copies: number;
  readonly events: number;
  readonly unreadable: number;
  readonly files: readonly string[];
}
