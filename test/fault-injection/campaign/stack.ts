import type { Tag } from "@aws-sdk/client-s3";
import type { World } from "./fixture.ts";

/** The finished stack of the campaign's own configuration, as somebody with a console would reach into it. */
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
/** One alarm stands for all: they are of one kind and one form. */
export const ALARM = "fleetlogix-api-errors";
export const DASHBOARD = "FleetLogix-dev";

export function arn(service: string, rest: string): string {
  return `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;
}
export const roleOf = (fn: string): string => `fleetlogix-${fn}-role`;
export const functionOf = (fn: string): string => `fleetlogix-${fn}`;
/** Ids in the plan of what CloudWatch Logs keeps. */
export const LOGS = ["logs.database", "logs.database-upgrade", ...FUNCTIONS.map((fn) => `logs.${fn}`), "api.logs", "api.execution-logs"];
const LOG_NAMES: Readonly<Record<string, string>> = {
  "logs.database": `/aws/rds/instance/${DATABASE}/postgresql`,
  "logs.database-upgrade": `/aws/rds/instance/${DATABASE}/upgrade`,
  ...Object.fromEntries(FUNCTIONS.map((fn) => [`logs.${fn}`, `/aws/lambda/${functionOf(fn)}`])),
  "api.logs": "/aws/apigateway/fleetlogix-api-access",
};
/** Of an id in the plan. The log of API Gateway's own execution is named after the API, and may outlive it. */
export function logGroup(world: World, id: string): string {
  const beginning = `logs.groups ${REGION}/`;
  const found = [...world.documents().keys()].find((key) => key.startsWith(`${beginning}API-Gateway-Execution-Logs_`));
  return LOG_NAMES[id] ?? found?.slice(beginning.length) ?? "";
}

export const apiId = (world: World): string => idOf(world, "apigateway.apis", "FleetLogixAPI");
export const keyId = (world: World): string => idOf(world, "apigateway.keys", "fleetlogix-api-key");
export const planId = (world: World): string => idOf(world, "apigateway.plans", "fleetlogix-usage-plan");
export const groupId = (world: World): string => idOf(world, "ec2.groups", "fleetlogix-db-access");

function idOf(world: World, collection: string, name: string): string {
  for (const [key, value] of world.documents())
    if (key.startsWith(`${collection} `) && (value as { name?: string }).name === name) return key.slice(collection.length + 1);
  throw new Error(`no ${name} among ${collection}`);
}

/** Sets tags of one resource, or takes them away, past the product. */
export interface Tagging {
  readonly id: string;
  set(world: World, tags: Readonly<Record<string, string>>): Promise<unknown>;
  remove(world: World, keys: readonly string[]): Promise<unknown>;
}
type TagList = readonly { readonly Key: string; readonly Value: string }[];
const listOf = (tags: Readonly<Record<string, string>>): TagList => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

/** Everything of the stack that AWS can tag. */
export const taggings = (logs: readonly string[]): readonly Tagging[] => [
  {
    id: "network.database",
    set: (world, tags) => world.behind("ec2", "CreateTags", { Resources: [groupId(world)], Tags: listOf(tags) }),
    remove: (world, keys) => world.behind("ec2", "DeleteTags", { Resources: [groupId(world)], Tags: keys.map((Key) => ({ Key })) }),
  },
  ...Object.entries({ "parameters.database": arn("rds", `pg:${PARAMETERS}`), "database.main": arn("rds", `db:${DATABASE}`) }).map(
    ([id, ResourceName]): Tagging => ({
      id,
      set: (world, tags) => world.behind("rds", "AddTagsToResource", { ResourceName, Tags: listOf(tags) }),
      remove: (world, TagKeys) => world.behind("rds", "RemoveTagsFromResource", { ResourceName, TagKeys }),
    }),
  ),
  ...logs.map((id): Tagging => {
    const resourceArn = (world: World) => arn("logs", `log-group:${logGroup(world, id)}`);
    return {
      id,
      set: (world, tags) => world.behind("logs", "TagResource", { resourceArn: resourceArn(world), tags }),
      remove: (world, tagKeys) => world.behind("logs", "UntagResource", { resourceArn: resourceArn(world), tagKeys }),
    };
  }),
  {
    id: "bucket.data",
    set: async (world, tags) => tagBucket(world, (there) => ({ ...there, ...tags })),
    remove: async (world, keys) =>
      tagBucket(world, (there) => Object.fromEntries(Object.entries(there).filter(([key]) => !keys.includes(key)))),
  },
  ...Object.entries(TABLES).map(([id, name]): Tagging => {
    const ResourceArn = arn("dynamodb", `table/${name}`);
    return {
      id: `table.${id}`,
      set: (world, tags) => world.behind("dynamodb", "TagResource", { ResourceArn, Tags: listOf(tags) }),
      remove: (world, TagKeys) => world.behind("dynamodb", "UntagResource", { ResourceArn, TagKeys }),
    };
  }),
  ...Object.entries({ "topic.alerts": TOPIC, "topic.alarms": ALARMS_TOPIC }).map(
    ([id, ResourceArn]): Tagging => ({
      id,
      set: (world, tags) => world.behind("sns", "TagResource", { ResourceArn, Tags: listOf(tags) }),
      remove: (world, TagKeys) => world.behind("sns", "UntagResource", { ResourceArn, TagKeys }),
    }),
  ),
  ...Object.entries({
    "alarm.api-errors": arn("cloudwatch", `alarm:${ALARM}`),
    "dashboard.main": `arn:aws:cloudwatch::${ACCOUNT}:dashboard/${DASHBOARD}`,
  }).map(
    ([id, ResourceARN]): Tagging => ({
      id,
      set: (world, tags) => world.behind("cloudwatch", "TagResource", { ResourceARN, Tags: listOf(tags) }),
      remove: (world, TagKeys) => world.behind("cloudwatch", "UntagResource", { ResourceARN, TagKeys }),
    }),
  ),
  ...FUNCTIONS.flatMap((fn): readonly Tagging[] => [
    {
      id: `role.${fn}`,
      set: (world, tags) => world.behind("iam", "TagRole", { RoleName: roleOf(fn), Tags: listOf(tags) }),
      remove: (world, TagKeys) => world.behind("iam", "UntagRole", { RoleName: roleOf(fn), TagKeys }),
    },
    {
      id: `function.${fn}`,
      set: (world, Tags) => world.behind("lambda", "TagResource", { Resource: arn("lambda", `function:${functionOf(fn)}`), Tags }),
      remove: (world, TagKeys) =>
        world.behind("lambda", "UntagResource", { Resource: arn("lambda", `function:${functionOf(fn)}`), TagKeys }),
    },
  ]),
  ...(
    [
      ["api.rest", (world) => `/restapis/${apiId(world)}`],
      ["api.stage", (world) => `/restapis/${apiId(world)}/stages/prod`],
      ["api.key", (world) => `/apikeys/${keyId(world)}`],
      ["api.plan", (world) => `/usageplans/${planId(world)}`],
    ] as readonly (readonly [string, (world: World) => string])[]
  ).map(([id, path]): Tagging => {
    const resourceArn = (world: World) => `arn:aws:apigateway:${REGION}::${path(world)}`;
    return {
      id,
      set: (world, tags) => world.behind("apigateway", "TagResource", { resourceArn: resourceArn(world), tags }),
      remove: (world, tagKeys) => world.behind("apigateway", "UntagResource", { resourceArn: resourceArn(world), tagKeys }),
    };
  }),
];

/** S3 knows only all tags of a bucket at once. */
async function tagBucket(
  { s3 }: World,
  change: (tags: Readonly<Record<string, string>>) => Readonly<Record<string, string>>,
): Promise<void> {
  const { TagSet = [] } = await s3.getBucketTagging({ Bucket: BUCKET }).catch((): { TagSet?: Tag[] } => ({}));
  const tags = change(Object.fromEntries(TagSet.map(({ Key = "", Value = "" }) => [Key, Value])));
  if (Object.keys(tags).length === 0) await s3.deleteBucketTagging({ Bucket: BUCKET });
  else await s3.putBucketTagging({ Bucket: BUCKET, Tagging: { TagSet: [...listOf(tags)] } });
}
