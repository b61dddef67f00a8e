import type { Tag } from "@aws-sdk/client-s3";
import type { Fixture } from "./fixture.ts";

/** The finished stack of the campaign's own configuration, for changes outside of fleetlogix. */
export const ACCOUNT = "000000000000";
export const REGION = "us-east-1";
export const BUCKET = `fleetlogix-data-${ACCOUNT}-${REGION}`;
export const DATABASE = "fleetlogix-db";
export const PARAMETERS = "fleetlogix-db-postgres17";
export const TABLES = {
  deliveries: "FleetLogix_Deliveries_Status",
  alerts: "FleetLogix_Alerts",
  vehicles: "FleetLogix_Vehicle_Tracking",
  routes: "FleetLogix_Routes_Waypoints",
} as const;
export const FUNCTIONS = ["verify-delivery", "calculate-eta", "route-deviation"] as const;
export const GATEWAY_ROLE = "fleetlogix-api-gateway-logs";
export const TOPIC = arn("sns", "fleetlogix-alerts");
export const ALARMS_TOPIC = arn("sns", "fleetlogix-alarms");
/** The campaign changes one alarm only: all alarms have the same kind and the same form. */
export const ALARM = "fleetlogix-api-errors";
export const DASHBOARD = "FleetLogix-dev";

export function arn(service: string, rest: string): string {
  return `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;
}
export const roleOf = (fn: string): string => `fleetlogix-${fn}-role`;
export const functionOf = (fn: string): string => `fleetlogix-${fn}`;
/** Ids in the plan of the log groups. */
export const LOGS = ["logs.database", "logs.database-upgrade", ...FUNCTIONS.map((fn) => `logs.${fn}`), "api.logs", "api.execution-logs"];
const LOG_NAMES: Readonly<Record<string, string>> = {
  "logs.database": `/aws/rds/instance/${DATABASE}/postgresql`,
  "logs.database-upgrade": `/aws/rds/instance/${DATABASE}/upgrade`,
  ...Object.fromEntries(FUNCTIONS.map((fn) => [`logs.${fn}`, `/aws/lambda/${functionOf(fn)}`])),
  "api.logs": "/aws/apigateway/fleetlogix-api-access",
};
/** The log group with this id in the plan. The name of the API's execution log contains the API's id. The log may outlive the API. */
export function logGroup(fixture: Fixture, id: string): string {
  const beginning = `logs.groups ${REGION}/`;
  const found = [...fixture.documents().keys()].find((key) => key.startsWith(`${beginning}API-Gateway-Execution-Logs_`));
  return LOG_NAMES[id] ?? found?.slice(beginning.length) ?? "";
}

export const apiId = (fixture: Fixture): string => idOf(fixture, "apigateway.apis", "FleetLogixAPI");
export const keyId = (fixture: Fixture): string => idOf(fixture, "apigateway.keys", "fleetlogix-api-key");
export const planId = (fixture: Fixture): string => idOf(fixture, "apigateway.plans", "fleetlogix-usage-plan");
export const groupId = (fixture: Fixture): string => idOf(fixture, "ec2.groups", "fleetlogix-db-access");

function idOf(fixture: Fixture, collection: string, name: string): string {
  for (const [key, value] of fixture.documents())
    if (key.startsWith(`${collection} `) && (value as { name?: string }).name === name) return key.slice(collection.length + 1);
  throw new Error(`no ${name} among ${collection}`);
}

/** Sets or removes tags of one resource outside of fleetlogix. */
export interface Tagging {
  readonly id: string;
  set(fixture: Fixture, tags: Readonly<Record<string, string>>): Promise<unknown>;
  remove(fixture: Fixture, keys: readonly string[]): Promise<unknown>;
}
type TagList = readonly { readonly Key: string; readonly Value: string }[];
const listOf = (tags: Readonly<Record<string, string>>): TagList => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

/** All resources of the stack that AWS can tag. */
export const taggings = (logs: readonly string[]): readonly Tagging[] => [
  {
    id: "network.database",
    set: (fixture, tags) => fixture.outOfBand("ec2", "CreateTags", { Resources: [groupId(fixture)], Tags: listOf(tags) }),
    remove: (fixture, keys) =>
      fixture.outOfBand("ec2", "DeleteTags", { Resources: [groupId(fixture)], Tags: keys.map((Key) => ({ Key })) }),
  },
  ...Object.entries({ "parameters.database": arn("rds", `pg:${PARAMETERS}`), "database.main": arn("rds", `db:${DATABASE}`) }).map(
    ([id, ResourceName]): Tagging => ({
      id,
      set: (fixture, tags) => fixture.outOfBand("rds", "AddTagsToResource", { ResourceName, Tags: listOf(tags) }),
      remove: (fixture, TagKeys) => fixture.outOfBand("rds", "RemoveTagsFromResource", { ResourceName, TagKeys }),
    }),
  ),
  ...logs.map((id): Tagging => {
    const resourceArn = (fixture: Fixture) => arn("logs", `log-group:${logGroup(fixture, id)}`);
    return {
      id,
      set: (fixture, tags) => fixture.outOfBand("logs", "TagResource", { resourceArn: resourceArn(fixture), tags }),
      remove: (fixture, tagKeys) => fixture.outOfBand("logs", "UntagResource", { resourceArn: resourceArn(fixture), tagKeys }),
    };
  }),
  {
    id: "bucket.data",
    set: async (fixture, tags) => tagBucket(fixture, (live) => ({ ...live, ...tags })),
    remove: async (fixture, keys) =>
      tagBucket(fixture, (live) => Object.fromEntries(Object.entries(live).filter(([key]) => !keys.includes(key)))),
  },
  ...Object.entries(TABLES).map(([id, name]): Tagging => {
    const ResourceArn = arn("dynamodb", `table/${name}`);
    return {
      id: `table.${id}`,
      set: (fixture, tags) => fixture.outOfBand("dynamodb", "TagResource", { ResourceArn, Tags: listOf(tags) }),
      remove: (fixture, TagKeys) => fixture.outOfBand("dynamodb", "UntagResource", { ResourceArn, TagKeys }),
    };
  }),
  ...Object.entries({ "topic.alerts": TOPIC, "topic.alarms": ALARMS_TOPIC }).map(
    ([id, ResourceArn]): Tagging => ({
      id,
      set: (fixture, tags) => fixture.outOfBand("sns", "TagResource", { ResourceArn, Tags: listOf(tags) }),
      remove: (fixture, TagKeys) => fixture.outOfBand("sns", "UntagResource", { ResourceArn, TagKeys }),
    }),
  ),
  ...Object.entries({
    "alarm.api-errors": arn("cloudwatch", `alarm:${ALARM}`),
    "dashboard.main": `arn:aws:cloudwatch::${ACCOUNT}:dashboard/${DASHBOARD}`,
  }).map(
    ([id, ResourceARN]): Tagging => ({
      id,
      set: (fixture, tags) => fixture.outOfBand("cloudwatch", "TagResource", { ResourceARN, Tags: listOf(tags) }),
      remove: (fixture, TagKeys) => fixture.outOfBand("cloudwatch", "UntagResource", { ResourceARN, TagKeys }),
    }),
  ),
  ...FUNCTIONS.flatMap((fn): readonly Tagging[] => [
    {
      id: `role.${fn}`,
      set: (fixture, tags) => fixture.outOfBand("iam", "TagRole", { RoleName: roleOf(fn), Tags: listOf(tags) }),
      remove: (fixture, TagKeys) => fixture.outOfBand("iam", "UntagRole", { RoleName: roleOf(fn), TagKeys }),
    },
    {
      id: `function.${fn}`,
      set: (fixture, Tags) => fixture.outOfBand("lambda", "TagResource", { Resource: arn("lambda", `function:${functionOf(fn)}`), Tags }),
      remove: (fixture, TagKeys) =>
        fixture.outOfBand("lambda", "UntagResource", { Resource: arn("lambda", `function:${functionOf(fn)}`), TagKeys }),
    },
  ]),
  ...(
    [
      ["api.rest", (fixture) => `/restapis/${apiId(fixture)}`],
      ["api.stage", (fixture) => `/restapis/${apiId(fixture)}/stages/prod`],
      ["api.key", (fixture) => `/apikeys/${keyId(fixture)}`],
      ["api.plan", (fixture) => `/usageplans/${planId(fixture)}`],
    ] as readonly (readonly [string, (fixture: Fixture) => string])[]
  ).map(([id, path]): Tagging => {
    const resourceArn = (fixture: Fixture) => `arn:aws:apigateway:${REGION}::${path(fixture)}`;
    return {
      id,
      set: (fixture, tags) => fixture.outOfBand("apigateway", "TagResource", { resourceArn: resourceArn(fixture), tags }),
      remove: (fixture, tagKeys) => fixture.outOfBand("apigateway", "UntagResource", { resourceArn: resourceArn(fixture), tagKeys }),
    };
  }),
];

/** S3 reads and writes all tags of a bucket at once. */
async function tagBucket(
  { s3 }: Fixture,
  change: (tags: Readonly<Record<string, string>>) => Readonly<Record<string, string>>,
): Promise<void> {
  const { TagSet = [] } = await s3.getBucketTagging({ Bucket: BUCKET }).catch((): { TagSet?: Tag[] } => ({}));
  const tags = change(Object.fromEntries(TagSet.map(({ Key = "", Value = "" }) => [Key, Value])));
  if (Object.keys(tags).length === 0) await s3.deleteBucketTagging({ Bucket: BUCKET });
  else await s3.putBucketTagging({ Bucket: BUCKET, Tagging: { TagSet: [...listOf(tags)] } });
}
