import { createHash } from "node:crypto";
import type { NotificationConfiguration, NotificationConfigurationFilter } from "@aws-sdk/client-s3";
import { type Call, LocalFault, type Principal } from "../../core/service.ts";
import { thawOnce } from "./documents.ts";
import { type Bucket, bucketArn, type S3State } from "./state.ts";
import type { Version } from "./version.ts";

/** Sends an event to the destinations of a bucket. It never delays or fails the call that caused the event. */
export type Notify = (bucket: string, event: string, version: Version, call: Call) => void;
export interface Notifications {
  readonly notify: Notify;
  /** Resolves when all pending events are delivered. */
  readonly settled: () => Promise<void>;
}
interface Destination {
  readonly id: string;
  readonly kind: "topic" | "function";
  readonly arn: string;
  readonly events: readonly string[];
  readonly filter: NotificationConfigurationFilter | undefined;
}

const principalOf = (bucket: string): Principal => ({ type: "service", service: "s3.amazonaws.com", sourceArn: bucketArn(bucket) });
const regionOf = (arn: string): string => arn.split(":")[3] ?? "us-east-1";

export function notifications(state: S3State): Notifications {
  const underway = new Set<Promise<void>>();
  return {
    notify(name, event, version, call) {
      const bucket = state.buckets.get(name);
      const stored = bucket?.settings.notification;
      if (!bucket || stored === undefined) return;
      for (const destination of destinationsOf(thawOnce<NotificationConfiguration>(stored)).filter((d) =>
        isSubscribed(d, event, version.key),
      )) {
        const sending = deliver(
          state,
          bucket,
          destination,
          JSON.stringify({ Records: [record(bucket, destination, event, version, call)] }),
        )
          .catch((error) =>
            state.env.log(`s3: ${destination.arn} was not told of ${event}: ${error instanceof Error ? error.message : error}`),
          )
          .finally(() => underway.delete(sending));
        underway.add(sending);
      }
    },
    settled: async () => {
      while (underway.size > 0) await Promise.all(underway);
    },
  };
}

async function deliver({ env }: S3State, bucket: Bucket, { kind, arn }: Destination, message: string): Promise<void> {
  const from = { principal: principalOf(bucket.name), region: regionOf(arn) };
  if (kind === "topic") await env.dispatch("sns", "Publish", { TopicArn: arn, Subject: "Amazon S3 Notification", Message: message }, from);
  else await env.dispatch("lambda", "Invoke", { FunctionName: arn, InvocationType: "Event", Payload: Buffer.from(message) }, from);
}

function destinationsOf(configuration: NotificationConfiguration): Destination[] {
  const topics = configuration.TopicConfigurations ?? [];
  const functions = configuration.LambdaFunctionConfigurations ?? [];
  return [
    ...topics.map((c) => ({ id: c.Id ?? "", kind: "topic" as const, arn: c.TopicArn ?? "", events: c.Events ?? [], filter: c.Filter })),
    ...functions.map((c) => ({
      id: c.Id ?? "",
      kind: "function" as const,
      arn: c.LambdaFunctionArn ?? "",
      events: c.Events ?? [],
      filter: c.Filter,
    })),
  ];
}
function isSubscribed({ events, filter }: Destination, event: string, key: string): boolean {
  const wanted = events.some((each) => {
    const name = each.replace(/^s3:/, "");
    return name.endsWith(":*") ? event.startsWith(name.slice(0, -1)) : name === event;
  });
  const rules = filter?.Key?.FilterRules ?? [];
  return wanted && rules.every(({ Name, Value = "" }) => (Name?.toLowerCase() === "suffix" ? key.endsWith(Value) : key.startsWith(Value)));
}

/** The event record, version 2.1, as AWS documents it. */
function record(bucket: Bucket, destination: Destination, event: string, version: Version, call: Call): object {
  const who = call.principal.type === "role" || call.principal.type === "root" ? call.principal.arn : call.principal.type;
  const owner = { principalId: createHash("sha256").update(call.account).digest("hex").slice(0, 14).toUpperCase() };
  return {
    eventVersion: "2.1",
    eventSource: "aws:s3",
    awsRegion: bucket.region,
    eventTime: new Date(version.modified).toISOString(),
    eventName: event,
    userIdentity: { principalId: who },
    requestParameters: { sourceIPAddress: "127.0.0.1" },
    responseElements: { "x-amz-request-id": call.requestId, "x-amz-id-2": call.requestId },
    s3: {
      s3SchemaVersion: "1.0",
      configurationId: destination.id,
      bucket: { name: bucket.name, ownerIdentity: owner, arn: bucketArn(bucket.name) },
      object: {
        key: encodeURIComponent(version.key).replaceAll("%2F", "/").replaceAll("%20", "+"),
        ...(event.startsWith("ObjectCreated") ? { size: version.size, eTag: version.etag } : {}),
        ...(version.versionId === "null" ? {} : { versionId: version.versionId }),
        sequencer: version.seq.toString(16).toUpperCase().padStart(16, "0"),
      },
    },
  };
}

/** S3 checks destinations before it accepts them: it sends a test message to a topic, and a function must permit S3. */
export async function checkDestinations(
  value: Record<string, unknown>,
  bucket: Bucket,
  state: S3State,
): Promise<NotificationConfiguration> {
  const configuration = value as NotificationConfiguration;
  const refuse = () => new LocalFault("InvalidArgument", "Unable to validate the following destination configurations", 400);
  // The local AWS cannot check queues of other accounts (Snowflake's, say), so it accepts them.
  if (
    configuration.QueueConfigurations?.some(
      ({ QueueArn = "" }) => !/^arn:[^:]+:sqs:[^:]+:\d{12}:/.test(QueueArn) || QueueArn.includes(`:${state.env.account}:`),
    )
  )
    throw refuse();
  const named = withIds(configuration);
  for (const { kind, arn, events } of destinationsOf(named)) {
    if (events.length === 0 || events.some((event) => !/^s3:[A-Za-z]+(:[A-Za-z*]+)?$/.test(event)))
      throw new LocalFault("InvalidArgument", "A specified event is not supported for notifications", 400);
    const from = { principal: principalOf(bucket.name), region: regionOf(arn) };
    const test = { Service: "Amazon S3", Event: "s3:TestEvent", Time: new Date(state.env.clock.now()).toISOString(), Bucket: bucket.name };
    const trial =
      kind === "topic"
        ? state.env.dispatch("sns", "Publish", { TopicArn: arn, Subject: "Amazon S3 Notification", Message: JSON.stringify(test) }, from)
        : state.env.dispatch("lambda", "Invoke", { FunctionName: arn, InvocationType: "DryRun" }, from);
    await trial.catch(() => {
      throw refuse();
    });
  }
  return named;
}
/** Gives an id to each configuration that has none. */
function withIds(configuration: NotificationConfiguration): NotificationConfiguration {
  const identify = <T extends { Id?: string | undefined }>(list: T[] | undefined): T[] | undefined =>
    list?.map((each, i) => ({
      ...each,
      Id:
        each.Id ??
        createHash("sha256")
          .update(JSON.stringify([i, each]))
          .digest("base64url"),
    }));
  const { TopicConfigurations, LambdaFunctionConfigurations, QueueConfigurations, ...rest } = configuration;
  return {
    ...rest,
    ...(TopicConfigurations ? { TopicConfigurations: identify(TopicConfigurations) } : {}),
    ...(QueueConfigurations ? { QueueConfigurations: identify(QueueConfigurations) } : {}),
    ...(LambdaFunctionConfigurations ? { LambdaFunctionConfigurations: identify(LambdaFunctionConfigurations) } : {}),
  };
}
