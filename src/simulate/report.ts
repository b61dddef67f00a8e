import { createHistogram, type RecordableHistogram } from "node:perf_hooks";

/** Counters of a run, filled while it goes on. */
export interface Tally {
  /** How many messages there are to send. */
  planned: number;
  sent: number;
  accepted: number;
  late: number;
  /** Updates of deliveries that had come to their end. */
  final: number;
  duplicates: number;
  implausible: number;
  /** Events of a wrong clock, which count with the time of their receipt. */
  adjusted: number;
  /** Events that had to be refused, and were. */
  refused: number;
  batches: number;
  alerts: number;
  /** How often a call was answered so that it was worth repeating, by status or `no answer`. */
  readonly refusals: Record<string, number>;
  /** Of every call, in ms. */
  readonly latencies: RecordableHistogram;
  /** What went wrong, in words. */
  readonly errors: string[];
}
export const newTally = (): Tally => ({
  planned: 0,
  sent: 0,
  accepted: 0,
  late: 0,
  final: 0,
  duplicates: 0,
  implausible: 0,
  adjusted: 0,
  refused: 0,
  batches: 0,
  alerts: 0,
  refusals: {},
  latencies: createHistogram(),
  errors: [],
});

/** In whole ms; 0 without any. */
const percentile = ({ latencies }: Tally, percent: number): number => (latencies.count === 0 ? 0 : latencies.percentile(percent));

export const numbersOf = (tally: Tally) => ({
  sent: tally.sent,
  accepted: tally.accepted,
  late: tally.late,
  final: tally.final,
  duplicates: tally.duplicates,
  implausible: tally.implausible,
  adjusted_clocks: tally.adjusted,
  refused: tally.refused,
  batches: tally.batches,
  alerts: tally.alerts,
  refusals: tally.refusals,
  errors: tally.errors.length,
  p50_ms: percentile(tally, 50),
  p95_ms: percentile(tally, 95),
});

/** In one line, what matters most first: a narrow terminal cuts the end off. */
export function lineOf(tally: Tally): string {
  const n = numbersOf(tally);
  const asked = Object.entries(n.refusals).map(([why, times]) => ` · ${times} × ${why}`);
  const counts = `${n.accepted}/${tally.planned} accepted · ${n.alerts} alerts · ${n.errors} errors`;
  const ignored = `${n.late} late · ${n.final} after the end · ${n.duplicates} duplicates · ${n.implausible} implausible`;
  const rest = `${n.adjusted_clocks} wrong clocks · ${n.refused} refused · ${n.batches} batches`;
  return `${counts} · p50 ${n.p50_ms} ms · p95 ${n.p95_ms} ms · ${ignored} · ${rest}${asked.join("")}`;
}
