import type { TableDescription, TimeToLiveDescription, UpdateTableCommandInput } from "@aws-sdk/client-dynamodb";
import type { Attributes } from "../../aws/attributes.ts";
import { toTagList } from "../../aws/ownership.ts";
import type { DynamoDB } from "../../aws/sdk/types.ts";
import type { TableLive, TableSpec } from "./types.ts";

/**
 * Holds the ARN of the customer key: DescribeTable does not distinguish AWS's own key from a customer's, and a return to AWS's own key
 * must be a difference. Written before the key is set, removed after the table no longer uses it.
 */
export const KEY_TAG = "fleetlogix:key";

export interface Answers {
  readonly table: TableDescription;
  readonly recovery: string | undefined;
  readonly ttl: TimeToLiveDescription | undefined;
  readonly keyTag: string | undefined;
}
/** A write is a call, or the members of one UpdateTable. */
export const ATTRIBUTES: Attributes<
  TableSpec,
  TableLive,
  [answers: Answers],
  Partial<UpdateTableCommandInput> | ((dynamodb: DynamoDB, TableName: string) => Promise<unknown>)
> = {
  deletionProtection: {
    read: ({ table }) => table.DeletionProtectionEnabled ?? false,
    wanted: (spec) => spec.deletionProtection,
    write: (spec) => ({ DeletionProtectionEnabled: spec.deletionProtection }),
  },
  billing: {
    // Old provisioned tables have no billing summary.
    read: ({ table }) => table.BillingModeSummary?.BillingMode ?? "PROVISIONED",
    wanted: () => "PAY_PER_REQUEST",
    write: () => ({ BillingMode: "PAY_PER_REQUEST" }),
  },
  keyTag: {
    read: ({ keyTag }) => keyTag,
    // The tag stays while the table uses the key that it names.
    wanted: ({ kmsKey }, live) => kmsKey ?? (live.keyTag === live.kmsKey ? live.keyTag : undefined),
    write:
      ({ kmsKey }, { arn: ResourceArn }) =>
      (dynamodb) =>
        kmsKey
          ? dynamodb.tagResource({ ResourceArn, Tags: toTagList({ [KEY_TAG]: kmsKey }) })
          : dynamodb.untagResource({ ResourceArn, TagKeys: [KEY_TAG] }),
  },
  encryption: {
    read: ({ table: { SSEDescription: { Status, SSEType, KMSMasterKeyArn } = {} } }) =>
      Status === "DISABLED" ? undefined : SSEType === "KMS" ? (KMSMasterKeyArn ?? SSEType) : SSEType,
    // Without a customer key the table keeps AWS's own: the key that no tag of ours names.
    wanted: ({ kmsKey }, live) => kmsKey ?? (live.keyTag === live.kmsKey ? "KMS" : (live.kmsKey ?? "KMS")),
    write: ({ kmsKey }) => ({ SSESpecification: { Enabled: true, SSEType: "KMS", KMSMasterKeyId: kmsKey } }),
  },
  pointInTimeRecovery: {
    read: ({ recovery }) => recovery === "ENABLED",
    wanted: () => true,
    write: () => (dynamodb, TableName) =>
      dynamodb.updateContinuousBackups({ TableName, PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } }),
  },
  ttl: {
    read: ({ ttl }) => ttlOf(ttl),
    wanted: (spec) => spec.ttl,
    // Another attribute needs two steps: off, then on.
    write: (spec, live) => (dynamodb, TableName) =>
      dynamodb.updateTimeToLive({
        TableName,
        TimeToLiveSpecification: { AttributeName: live.ttl ?? spec.ttl, Enabled: live.ttl === undefined },
      }),
  },
};

/** The requested state counts, because a change takes up to an hour. */
export const ttlOf = (ttl: TimeToLiveDescription | undefined) =>
  ttl?.TimeToLiveStatus === "ENABLED" || ttl?.TimeToLiveStatus === "ENABLING" ? ttl.AttributeName : undefined;
