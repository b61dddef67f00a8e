import type { NotificationConfiguration } from "@aws-sdk/client-s3";
import type { S3 } from "../../aws/sdk/types.ts";
import type { Own } from "./contents.ts";

/** Id of the one notification that is ours. */
const OUR_QUEUE = "fleetlogix-lake";
export const ownQueue = ({ QueueConfigurations }: NotificationConfiguration): string | undefined =>
  QueueConfigurations?.find(({ Id }) => Id === OUR_QUEUE)?.QueueArn;

/** S3 replaces the whole configuration, so foreign queues, topics and functions are written again. */
export async function notify(s3: S3, own: Own, { queue }: { readonly queue?: string | undefined }): Promise<void> {
  const { $metadata, QueueConfigurations = [], ...unchanged } = await s3.getBucketNotificationConfiguration(own);
  const others = QueueConfigurations.filter(({ Id }) => Id !== OUR_QUEUE);
  const filter = {
    Key: {
      FilterRules: [
        { Name: "prefix" as const, Value: "lake/" },
        { Name: "suffix" as const, Value: ".parquet" },
      ],
    },
  };
  const ours = queue === undefined ? [] : [{ Id: OUR_QUEUE, QueueArn: queue, Events: ["s3:ObjectCreated:*" as const], Filter: filter }];
  const all = [...others, ...ours];
  const NotificationConfiguration = { ...unchanged, EventBridgeConfiguration: {}, QueueConfigurations: all.length > 0 ? all : undefined };
  // S3 cannot validate Snowflake's queue: it belongs to another account.
  await s3.putBucketNotificationConfiguration({ ...own, NotificationConfiguration, SkipDestinationValidation: queue !== undefined });
}
