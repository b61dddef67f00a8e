import type { MetricDatum } from "@aws-sdk/client-cloudwatch";
import type { LocalEnv } from "../../core/service.ts";

/** The format's limits: values of one metric in a line, and dimensions of one set. */
const MAX_VALUES = 100;
const MAX_DIMENSIONS = 30;
const BATCH_SIZE = 1_000;

interface Event {
  readonly timestamp: number;
  readonly message: string;
}

/**
 * Extracts metrics from log lines in CloudWatch's embedded metric format: JSON whose `_aws.CloudWatchMetrics` names the members
 * that are metrics and dimensions. Other and invalid lines give no metrics, as on AWS.
 */
export function putEmbeddedMetrics(env: LocalEnv, events: readonly Event[], region: string): void {
  const byNamespace = new Map<string, MetricDatum[]>();
  for (const event of events) {
    if (!event.message.includes('"_aws"')) continue;
    for (const { namespace, datum } of metricsIn(event)) byNamespace.set(namespace, [...(byNamespace.get(namespace) ?? []), datum]);
  }
  const principal = { type: "service", service: "logs.amazonaws.com" } as const;
  for (const [Namespace, all] of byNamespace)
    for (let at = 0; at < all.length; at += BATCH_SIZE)
      env
        .dispatch("cloudwatch", "PutMetricData", { Namespace, MetricData: all.slice(at, at + BATCH_SIZE) }, { principal, region })
        .catch((error) => env.log(`metrics of ${Namespace} in log lines: ${error}`));
}

type JsonObject = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is JsonObject => typeof value === "object" && value !== null && !Array.isArray(value);
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function metricsIn({ timestamp, message }: Event): readonly { readonly namespace: string; readonly datum: MetricDatum }[] {
  const line = parsed(message);
  const aws = line?._aws;
  if (!line || !isObject(aws)) return [];
  const time = new Date(typeof aws.Timestamp === "number" ? aws.Timestamp : timestamp);
  return list(aws.CloudWatchMetrics).flatMap((directive) => {
    if (!isObject(directive) || typeof directive.Namespace !== "string") return [];
    const namespace = directive.Namespace;
    const sets = list(directive.Dimensions).flatMap((names) => dimensionSet(line, names) ?? []);
    return list(directive.Metrics).flatMap((definition) =>
      sets.flatMap((Dimensions) => {
        const datum = datumOf(line, definition);
        return datum ? [{ namespace, datum: { ...datum, Dimensions, Timestamp: time } }] : [];
      }),
    );
  });
}
/** Undefined when a dimension of the set has no value in the line. */
function dimensionSet(line: JsonObject, names: unknown): [MetricDatum["Dimensions"]] | undefined {
  const wanted = list(names).map(String);
  if (!Array.isArray(names) || wanted.length > MAX_DIMENSIONS) return undefined;
  const values = wanted.map((Name) => ({ Name, Value: Object.hasOwn(line, Name) ? String(line[Name]) : "" }));
  return values.every(({ Value }) => Value !== "") ? [values] : undefined;
}
function datumOf(line: JsonObject, definition: unknown): Pick<MetricDatum, "MetricName" | "Unit" | "Values"> | undefined {
  if (!isObject(definition) || typeof definition.Name !== "string" || !Object.hasOwn(line, definition.Name)) return undefined;
  const value = line[definition.Name];
  const Values = (Array.isArray(value) ? value : [value]).filter((one): one is number => typeof one === "number" && Number.isFinite(one));
  if (Values.length === 0 || Values.length > MAX_VALUES) return undefined;
  return { MetricName: definition.Name, Values, ...(typeof definition.Unit === "string" && { Unit: definition.Unit as never }) };
}
function parsed(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
