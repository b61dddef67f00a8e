import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { FunctionName } from "../../src/config/config.ts";
import { deriveConfig } from "../../src/config/derive.ts";
import { settingsSchema } from "../../src/config/schema.ts";
import { virtualClock } from "../../src/local/core/clock.ts";
import { type LocalAws, startLocalAws } from "../../src/local/index.ts";
import { topology } from "../../src/stack/topology.ts";
import { functionZip } from "../support/function-zip.ts";
import { makeRig, type Rig } from "./rig.ts";

const zip = await functionZip({ "index.mjs": "export const handler = async () => 1;" });
const artifact = { zip, sha256: createHash("sha256").update(zip).digest("base64") };
const place = { partition: "aws", region: "us-east-1", account: "000000000000" };
const stackOf = (hardening: "development" | "production") => {
  const config = deriveConfig(settingsSchema.parse({ hardening, alerts: { emails: ["ops@example.com"] } }));
  const artifacts = new Map((Object.keys(config.functions.names) as FunctionName[]).map((name) => [name, artifact]));
  return topology(config, { place, local: true, callerCidr: "203.0.113.7/32", privateSubnets: [], artifacts });
};
const [development, production] = [stackOf("development"), stackOf("production")];
const TABLE = "FleetLogix_Deliveries_Status";
const BUCKET = `fleetlogix-data-${place.account}-${place.region}`;

let aws: LocalAws;
let rig: Rig;
beforeAll(async () => {
  const clock = virtualClock();
  aws = await startLocalAws({ clock, settings: { databases: "none" } });
  rig = makeRig({ endpoint: aws.url, clock, stack: { name: development.name, tags: development.tags } });
});
afterAll(async () => {
  rig.close();
  await aws.close();
});
/** One resource of each kind that uses the key. */
const PART = ["bucket.data", "table.deliveries", "topic.alerts", "function.calculate-eta"];
const partOf = ({ nodes }: typeof development) => nodes.filter(({ id }) => PART.includes(id));
const up = async (stack: typeof development) => {
  const outcome = await rig.up(partOf(stack));
  if (outcome.error) throw outcome.error;
  return outcome.resources;
};
const keyArn = async () => (await (await rig.world.kms()).describeKey({ KeyId: "alias/fleetlogix" })).KeyMetadata?.Arn ?? "";
/** ARN of the key of each resource. */
const keysInUse = async () => {
  const [s3, dynamodb, sns, lambda, logs] = await Promise.all([
    rig.world.s3(),
    rig.world.dynamodb(),
    rig.world.sns(),
    rig.world.lambda(),
    rig.world.logs(),
  ]);
  const { ServerSideEncryptionConfiguration: bucket } = await s3.getBucketEncryption({ Bucket: BUCKET });
  const TopicArn = `arn:aws:sns:${place.region}:${place.account}:fleetlogix-alerts`;
  const { logGroups = [] } = await logs.describeLogGroups({});
  return {
    bucket: bucket?.Rules?.[0]?.ApplyServerSideEncryptionByDefault?.KMSMasterKeyID,
    table: (await dynamodb.describeTable({ TableName: TABLE })).Table?.SSEDescription?.KMSMasterKeyArn,
    topic: (await sns.getTopicAttributes({ TopicArn })).Attributes?.KmsMasterKeyId,
    function: (await lambda.getFunctionConfiguration({ FunctionName: "fleetlogix-calculate-eta", Qualifier: "live" })).KMSKeyArn,
    logs: [...new Set(logGroups.map((group) => group.kmsKeyId))],
  };
};
const dataThere = async () => {
  const { Item } = await (await rig.world.dynamodb()).getItem({ TableName: TABLE, Key: { delivery_id: { S: "1" } } });
  const { Body } = await (await rig.world.s3()).getObject({ Bucket: BUCKET, Key: "raw-data/1" });
  return [Item?.delivery_id?.S, await Body?.transformToString()];
};

test("development → production → development: each step is an update without a loss, and the last state equals the first", async () => {
  await up(development);
  const before = await keysInUse();
  await (await rig.world.dynamodb()).putItem({ TableName: TABLE, Item: { delivery_id: { S: "1" } } });
  await (await rig.world.s3()).putObject({ Bucket: BUCKET, Key: "raw-data/1", Body: "one" });

  const hardened = await up(production);
  expect(hardened.map((r) => `${r.id} ${r.decision.action}`).filter((what) => !what.endsWith("update"))).toEqual([
    "key.stack create",
    "bucket.logs create",
    // The kind lambda.function lets the role use the key.
    "role.calculate-eta keep",
  ]);
  const key = await keyArn();
  expect(await keysInUse()).toEqual({ bucket: key, table: key, topic: key, function: key, logs: [key] });
  const RoleName = "fleetlogix-calculate-eta-role";
  const { PolicyDocument } = await (await rig.world.iam()).getRolePolicy({ RoleName, PolicyName: "fleetlogix-key" });
  expect(JSON.parse(decodeURIComponent(PolicyDocument ?? "{}")).Statement).toEqual([
    {
      Effect: "Allow",
      Action: ["kms:Decrypt", "kms:GenerateDataKey"],
      Resource: [key],
      Condition: { StringEquals: { "kms:ViaService": expect.anything() } },
    },
  ]);
  expect(await dataThere()).toEqual(["1", "one"]);
  rig.writes();
  expect(new Set((await up(production)).map((r) => r.decision.action))).toEqual(new Set(["keep"]));
  expect(rig.writes()).toEqual([]);

  rig.calls();
  const back = await up(development);
  // The role may use the key until the alias has a version that does not need it.
  const calls = rig.calls();
  expect(calls.indexOf("iam:DeleteRolePolicy")).toBeGreaterThan(calls.indexOf("lambda:UpdateAlias"));
  expect(new Set(back.map((r) => r.decision.action))).toEqual(new Set(["update", "keep"]));
  expect(await keysInUse()).toEqual(before);
  // The variables were encrypted again, so no version needs the old key. The function's answer does not matter here.
  await (await rig.world.kms()).disableKey({ KeyId: key });
  const invoked = await (await rig.world.lambda()).invoke({ FunctionName: "fleetlogix-calculate-eta", Qualifier: "live" }).catch(String);
  expect(String(invoked)).not.toMatch(/KMS/);
  await (await rig.world.kms()).enableKey({ KeyId: key });
  const ResourceArn = `arn:aws:dynamodb:${place.region}:${place.account}:table/${TABLE}`;
  const { Tags = [] } = await (await rig.world.dynamodb()).listTagsOfResource({ ResourceArn });
  expect(Object.fromEntries(Tags.map((t) => [t.Key, t.Value]))).toEqual(development.tags);
  expect(await dataThere()).toEqual(["1", "one"]);
  rig.writes();
  expect(new Set((await up(development)).map((r) => r.decision.action))).toEqual(new Set(["keep"]));
  expect(rig.writes()).toEqual([]);
});

test("a teardown with --delete-data keeps the key, and the next run finds it", async () => {
  await up(production);
  const key = await keyArn();
  const deleted = await rig.down(partOf(production), { deleteData: true });
  expect(deleted.error).toBeUndefined();
  expect(deleted.resources.filter((r) => r.decision.action === "retain").map((r) => r.id)).toEqual(["key.stack"]);
  expect((await up(production)).find((r) => r.id === "key.stack")?.decision).toEqual({ action: "keep" });
  expect(await keyArn()).toBe(key);
});
