import type { MetricDatum } from "@aws-sdk/client-cloudwatch";
import type { LocalEnv } from "../../core/service.ts";
import type { FunctionRecord } from "./model.ts";

/** What CloudWatch is told of one call, or of one that was refused. */
export interface Measured {
  readonly throttled?: boolean;
  readonly failed?: boolean;
  readonly durationMs?: number;
}

/** The metrics of AWS/Lambda, by the function and for all functions together. Nobody waits for them. */
export function measure(env: LocalEnv, { name, region }: Pick<FunctionRecord, "name" | "region">, measured: Measured): void {
  const { throttled = false, failed = false, durationMs } = measured;
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
