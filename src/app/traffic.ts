import type { MetricDataQuery } from "@aws-sdk/client-cloudwatch";
import type { Traffic, TrafficMinute } from "../dashboard/model.ts";
import { apiMetric } from "../stack/alarms.ts";
import type { Session } from "./session.ts";

const MINUTE_MS = 60_000;
const HOUR_MINUTES = 60;

/** Calls of the API in the last hour, by minute, from CloudWatch; 0 for a minute without calls. ACCESS_DENIED without the permission. */
export async function readTraffic(session: Session): Promise<Traffic> {
  const cloudwatch = await session.clients.cloudwatch();
  const end = Math.ceil(session.ports.clock.now() / MINUTE_MS) * MINUTE_MS;
  const start = end - HOUR_MINUTES * MINUTE_MS;
  const MetricDataQueries = [
    queryOf(session, "calls", "Count", "Sum", 60),
    queryOf(session, "refused", "4XXError", "Sum", 60),
    queryOf(session, "failed", "5XXError", "Sum", 60),
    queryOf(session, "latency", "Latency", "p90", HOUR_MINUTES * 60),
  ];
  const query = { StartTime: new Date(start), EndTime: new Date(end), MetricDataQueries };
  const { MetricDataResults = [] } = await session.ask("the API's metrics", () => cloudwatch.getMetricData(query));
  const results = new Map(MetricDataResults.map(({ Id, Timestamps = [], Values = [] }) => [Id, { Timestamps, Values }]));
  const valuesOf = (id: string) => {
    const { Timestamps = [], Values = [] } = results.get(id) ?? {};
    return new Map(Timestamps.map((at, i) => [Math.floor(at.getTime() / MINUTE_MS) * MINUTE_MS, Values[i] ?? 0]));
  };
  const [calls, refused, failed] = [valuesOf("calls"), valuesOf("refused"), valuesOf("failed")];
  const minutes = Array.from({ length: HOUR_MINUTES }, (_, i): TrafficMinute => {
    const at = start + i * MINUTE_MS;
    return { at, calls: calls.get(at) ?? 0, refused: refused.get(at) ?? 0, failed: failed.get(at) ?? 0 };
  });
  return { minutes, latencyMs: results.get("latency")?.Values[0] ?? null };
}

function queryOf({ config }: Session, Id: string, metric: string, Stat: string, Period: number): MetricDataQuery {
  const { namespace, name, dimensions } = apiMetric(config, metric);
  const Dimensions = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
  return { Id, MetricStat: { Metric: { Namespace: namespace, MetricName: name, Dimensions }, Stat, Period } };
}
