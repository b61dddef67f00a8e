import type { WriteLine } from "./log.ts";

export type Metric =
  | "Accepted"
  | "Duplicate"
  | "Late"
  | "Final"
  | "Implausible"
  | "ClockAdjusted"
  | "Rejected"
  | "Failed"
  | "Deviated"
  | "Notified"
  | "NotifyFailed"
  | "ColdStart";

export interface Metrics {
  readonly count: (metric: Metric, by?: number) => void;
  /** Writes the counts as one line of CloudWatch's embedded metric format. Writes nothing when nothing was counted. */
  readonly flush: () => void;
}

/** Namespace `FleetLogix`, dimension `function`: the function's name on AWS. */
export function makeMetrics(write: WriteLine, clock: () => Date, functionName: string): Metrics {
  const counts = new Map<Metric, number>();
  return {
    count: (metric, by = 1) => {
      if (by > 0) counts.set(metric, (counts.get(metric) ?? 0) + by);
    },
    flush: () => {
      if (counts.size === 0) return;
      const definitions = [...counts.keys()].map((name) => ({ Name: name, Unit: "Count" }));
      const directive = { Namespace: "FleetLogix", Dimensions: [["function"]], Metrics: definitions };
      const aws = { Timestamp: clock().getTime(), CloudWatchMetrics: [directive] };
      write(JSON.stringify({ _aws: aws, function: functionName, ...Object.fromEntries(counts) }));
    },
  };
}
