import { toTagList } from "../../src/aws/ownership.ts";
import type { PolicyDocument } from "../../src/resources/index.ts";
import { dynamodbTable, s3Bucket, snsSubscription, snsTopic } from "../../src/resources/index.ts";
import type { Rig } from "./rig.ts";
import { contractOf } from "./suite.ts";

const KEY = "arn:aws:kms:us-east-1:000000000000:key/0a1b2c3d-0000-4000-8000-000000000000";
const denyWithoutTls = (resource: string, action: string): PolicyDocument => ({
  Version: "2012-10-17",
  Statement: [
    {
      Sid: "TlsOnly",
      Effect: "Deny",
      Principal: "*",
      Action: action,
      Resource: resource,
      Condition: { Bool: { "aws:SecureTransport": "false" } },
    },
  ],
});
const ownBucket = ({ place }: Rig, name: string) => ({ Bucket: name, ExpectedBucketOwner: place.account });

contractOf({
  kind: s3Bucket,
  prepare: async (_rig, name) => ({
    id: { name },
    spec: {
      policy: denyWithoutTls(`arn:aws:s3:::${name}/*`, "s3:*"),
      archive: { prefix: "raw-archive/", afterDays: 90 },
      noncurrentExpireDays: 30,
    },
  }),
  changes: {
    encryption: (spec) => ({ ...spec, kmsKey: KEY }),
    policy: (spec) => ({ ...spec, policy: withAction(spec.policy, "s3:GetObject") }),
    lifecycle: (spec) => ({ ...spec, noncurrentExpireDays: 7 }),
    "lifecycle.archive": (spec) => ({ ...spec, archive: { prefix: "raw/", afterDays: 30 } }),
  },
  drifts: {
    publicAccessBlock: async (rig, { name }) => (await rig.world.s3()).deletePublicAccessBlock(ownBucket(rig, name)),
    ownership: async (rig, { name }) =>
      (await rig.world.s3()).putBucketOwnershipControls({
        ...ownBucket(rig, name),
        OwnershipControls: { Rules: [{ ObjectOwnership: "ObjectWriter" }] },
      }),
    encryption: async (rig, { name }) =>
      (await rig.world.s3()).putBucketEncryption({
        ...ownBucket(rig, name),
        ServerSideEncryptionConfiguration: { Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }] },
      }),
    versioning: async (rig, { name }) =>
      (await rig.world.s3()).putBucketVersioning({ ...ownBucket(rig, name), VersioningConfiguration: { Status: "Suspended" } }),
    policy: async (rig, { name }) => (await rig.world.s3()).deleteBucketPolicy(ownBucket(rig, name)),
    lifecycle: async (rig, { name }) => (await rig.world.s3()).deleteBucketLifecycle(ownBucket(rig, name)),
    events: async (rig, { name }) =>
      (await rig.world.s3()).putBucketNotificationConfiguration({ ...ownBucket(rig, name), NotificationConfiguration: {} }),
  },
  foreign: async (rig, { name }) => (await rig.world.s3()).createBucket({ Bucket: name }),
});

const withAction = (policy: PolicyDocument, Action: string): PolicyDocument => ({
  ...policy,
  Statement: policy.Statement.map((s) => ({ ...s, Action })),
});

contractOf({
  kind: dynamodbTable,
  prepare: async (_rig, name) => ({
    id: { name },
    spec: {
      key: { hash: "vehicle_id", range: "timestamp" },
      indexes: [{ name: "open", hash: "open_type", range: "timestamp" }],
      ttl: "expires_at",
      deletionProtection: false,
    },
  }),
  changes: {
    "indexes.by-type": (spec) => ({ ...spec, indexes: [...spec.indexes, { name: "by-type", hash: "type", range: "timestamp" }] }),
    "indexes.open": (spec) => ({ ...spec, indexes: [{ name: "open", hash: "open_since", range: "timestamp" }] }),
    deletionProtection: (spec) => ({ ...spec, deletionProtection: true }),
    ttl: (spec) => ({ ...spec, ttl: undefined }),
    "ttl.attribute": (spec) => ({ ...spec, ttl: "forgotten_at" }),
    keyTag: (spec) => ({ ...spec, kmsKey: KEY }),
  },
  // TTL is switched off, then on. For a key, its tag is written before the key.
  calls: { "indexes.open": 2, "ttl.attribute": 2, keyTag: 2 },
  drifts: {
    pointInTimeRecovery: async (rig, { name }) =>
      (await rig.world.dynamodb()).updateContinuousBackups({
        TableName: name,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: false },
      }),
    ttl: async (rig, { name }) =>
      (await rig.world.dynamodb()).updateTimeToLive({
        TableName: name,
        TimeToLiveSpecification: { AttributeName: "expires_at", Enabled: false },
      }),
    encryption: async (rig, { name }) =>
      (await rig.world.dynamodb()).updateTable({ TableName: name, SSESpecification: { Enabled: false } }),
    billing: async (rig, { name }) =>
      (await rig.world.dynamodb()).updateTable({
        TableName: name,
        BillingMode: "PROVISIONED",
        ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 },
      }),
  },
  replaces: { key: (spec) => ({ ...spec, key: { hash: "vehicle_id" } }) },
  foreign: async (rig, { name }) =>
    (await rig.world.dynamodb()).createTable({
      TableName: name,
      BillingMode: "PAY_PER_REQUEST",
      KeySchema: [
        { AttributeName: "vehicle_id", KeyType: "HASH" },
        { AttributeName: "timestamp", KeyType: "RANGE" },
      ],
      AttributeDefinitions: ["vehicle_id", "timestamp"].map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
    }),
});

const topicArn = ({ place }: Rig, name: string) => `arn:aws:sns:${place.region}:${place.account}:${name}`;
const setTopic = async (rig: Rig, name: string, AttributeName: string, AttributeValue: string) =>
  (await rig.world.sns()).setTopicAttributes({ TopicArn: topicArn(rig, name), AttributeName, AttributeValue });

contractOf({
  kind: snsTopic,
  prepare: async (rig, name) => ({
    id: { name },
    spec: { kmsKey: "alias/aws/sns", policy: denyWithoutTls(topicArn(rig, name), "sns:Publish") },
  }),
  changes: {
    encryption: (spec) => ({ ...spec, kmsKey: "alias/other" }),
    policy: (spec) => ({ ...spec, policy: withAction(spec.policy, "sns:Subscribe") }),
  },
  drifts: {
    encryption: async (rig, { name }) => setTopic(rig, name, "KmsMasterKeyId", ""),
    policy: async (rig, { name }) => setTopic(rig, name, "Policy", JSON.stringify(denyWithoutTls(topicArn(rig, name), "sns:Subscribe"))),
  },
  foreign: async (rig, { name }) => (await rig.world.sns()).createTopic({ Name: name }),
});

contractOf({
  kind: snsSubscription,
  prepare: async (rig, name) => {
    const { TopicArn = "" } = await (await rig.world.sns()).createTopic({ Name: name, Tags: toTagList(rig.ctx.tags) });
    return { id: { topicArn: TopicArn, protocol: "sms", endpoint: "+573001234567" }, spec: {} };
  },
  changes: {},
});
