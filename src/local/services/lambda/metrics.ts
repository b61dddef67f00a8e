import type { MetricDatum } from "@aws-sdk/client-cloudwatch";
import type { LocalEnv } from "../../core/service.ts";
import type { FunctionRecord } from "./state.ts";

/** The measurements of one call. `throttled`: the call was refused. */
export interface CallMeasures {
  readonly throttled?: boolean;
  readonly failed?: boolean;
  readonly durationMs?: number;
}

/** Sends the AWS/Lambda metrics, by function and for all functions. The caller does not wait for them. */
export function putMetrics(env: LocalEnv, { name, region }: Pick<FunctionRecord, "name" | "region">, measures: CallMeasures): void {
  const { throttled = false, failed = false, durationMs } = measures;
  const one = (MetricName: string, Value: number, Unit: "Count" | "Milliseconds"): Omit<MetricDatum, "Dimensions"> => ({
    MetricName,
    Value,
    Unit,
  });
  const values = throttled
    ? [one("Throttles", 1, "Count")]
    : [
        one("Invocations", 1, "Count"),
        one("Errors", failed ? 1 : 0, "Count"),
        one("Throttles", 0, "Count"),
        ...(durationMs === undefined ? [] : [one("Duration", durationMs, "Milliseconds")]),
      ];
  const sets = [[{ Name: "FunctionName", Value: name }], []];
  const MetricData = sets.flatMap((Dimensions) => values.map((value) => ({ ...value, Dimensions })));
  const principal = { type: "service", service: "lambda.amazonaws.com" } as const;
  env
    .dispatch("cloudwatch", "PutMetricData", { Namespace: "AWS/Lambda", MetricData }, { principal, region })
    .catch((error) => env.log(`metrics of the function ${name}: ${error}`));
}
