import { createHistogram, type RecordableHistogram } from "node:perf_hooks";

/** Counters of a run. They change while it runs. */
export interface Tally {
  /** Number of messages to send. */
  planned: number;
  sent: number;
  accepted: number;
  late: number;
  /** Updates of deliveries with a final status. */
  final: number;
  duplicates: number;
  implausible: number;
  /** Events of a wrong clock. The time of their receipt counts. */
  adjusted: number;
  /** Invalid events that the API refused, as expected. */
  refused: number;
  batches: number;
  alerts: number;
  /** Number of answers after which a call was repeated, by status or `no answer`. */
  readonly refusals: Record<string, number>;
  /** Duration of every call, in ms. */
  readonly latencies: RecordableHistogram;
  /** Descriptions of the errors. */
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

/** A percentile of the latencies in whole ms; 0 without calls. */
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

/** The counters as text, the most important first. From the fourth on, counters of 0 are left out. */
export function countersOf(tally: Tally): readonly string[] {
  const n = numbersOf(tally);
  const rest: readonly (readonly [count: number, what: string])[] = [
    [n.late, "late"],
    [n.final, "after the end"],
    [n.duplicates, n.duplicates === 1 ? "duplicate" : "duplicates"],
    [n.implausible, "implausible"],
    [n.adjusted_clocks, n.adjusted_clocks === 1 ? "wrong clock" : "wrong clocks"],
    [n.refused, "refused"],
    [n.batches, n.batches === 1 ? "batch" : "batches"],
  ];
  return [
    `${n.accepted}/${tally.planned} accepted`,
    `${n.alerts} ${n.alerts === 1 ? "alert" : "alerts"}`,
    `${n.errors} ${n.errors === 1 ? "error" : "errors"}`,
    `p50 ${n.p50_ms} ms`,
    `p95 ${n.p95_ms} ms`,
    ...rest.flatMap(([count, what]) => (count === 0 ? [] : [`${count} ${what}`])),
    ...Object.entries(n.refusals).map(([why, times]) => `${times} × ${why}`),
  ];
}

/** The counters in one line. A narrow terminal cuts off its end. */
export const lineOf = (tally: Tally): string => countersOf(tally).join(" · ");
