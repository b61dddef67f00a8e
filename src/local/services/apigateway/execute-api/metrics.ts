import type { MetricDatum } from "@aws-sdk/client-cloudwatch";
import type { ApiResponse, Exchange } from "./exchange.ts";

/** Sends the AWS/ApiGateway metrics, by API and by stage. The response does not wait for them. */
export function putMetrics({ gateway: { env }, api, stage, startedAt, integration }: Exchange, { status }: ApiResponse): void {
  const one = (MetricName: string, Value: number, Unit: "Count" | "Milliseconds"): Omit<MetricDatum, "Dimensions"> => ({
    MetricName,
    Value,
    Unit,
  });
  const values = [
    one("Count", 1, "Count"),
    one("4XXError", status >= 400 && status < 500 ? 1 : 0, "Count"),
    one("5XXError", status >= 500 ? 1 : 0, "Count"),
    one("Latency", Math.max(0, env.clock.now() - startedAt), "Milliseconds"),
    ...(integration.latencyMs === undefined ? [] : [one("IntegrationLatency", integration.latencyMs, "Milliseconds")]),
  ];
  const byApi = [{ Name: "ApiName", Value: api.name }];
  const sets = [byApi, [...byApi, { Name: "Stage", Value: stage.name }]];
  const MetricData = sets.flatMap((Dimensions) => values.map((value) => ({ ...value, Dimensions })));
  const principal = { type: "service", service: "apigateway.amazonaws.com" } as const;
  env
    .dispatch("cloudwatch", "PutMetricData", { Namespace: "AWS/ApiGateway", MetricData }, { principal, region: api.region })
    .catch((error) => env.log(`metrics of the API ${api.name}: ${error}`));
}
