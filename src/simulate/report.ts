/** Counters of a run, filled while it goes on. */
export interface Tally {
  sent: number;
  accepted: number;
  late: number;
  duplicates: number;
  alerts: number;
  retries: number;
  readonly latenciesMs: number[];
  /** What went wrong, in words. */
  readonly errors: string[];
}
export const newTally = (): Tally => ({ sent: 0, accepted: 0, late: 0, duplicates: 0, alerts: 0, retries: 0, latenciesMs: [], errors: [] });

/** Nearest rank, in whole ms; 0 without any. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0);
}

export const numbersOf = (tally: Tally) => ({
  sent: tally.sent,
  accepted: tally.accepted,
  late: tally.late,
  duplicates: tally.duplicates,
  alerts: tally.alerts,
  retries: tally.retries,
  errors: tally.errors.length,
  p50_ms: percentile(tally.latenciesMs, 0.5),
  p95_ms: percentile(tally.latenciesMs, 0.95),
});

export function lineOf(tally: Tally): string {
  const n = numbersOf(tally);
  const counts = `${n.accepted} accepted · ${n.late} late · ${n.duplicates} duplicates · ${n.alerts} alerts · ${n.errors} errors`;
  return `${counts} · p50 ${n.p50_ms} ms · p95 ${n.p95_ms} ms`;
}
