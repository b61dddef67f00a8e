import type { Plan } from "../../../src/app.ts";
import type { Reach } from "./drifts.ts";
import type { World } from "./fixture.ts";
import { life, type Scenario } from "./lifecycle.ts";
import {
  ALARM,
  ALARMS_TOPIC,
  apiId,
  BUCKET,
  DASHBOARD,
  DATABASE,
  FUNCTIONS,
  functionOf,
  GATEWAY_ROLE,
  keyId,
  LOGS,
  logGroup,
  planId,
  roleOf,
  TABLES,
  TOPIC,
} from "./stack.ts";

/** F17: somebody deletes something behind our back: `up` makes it anew, a teardown goes on without it. */

/** By id in the plan: how somebody gets rid of it, with what AWS wants gone before. */
const DELETIONS: Readonly<Record<string, Reach>> = {
  ...Object.fromEntries(
    LOGS.map((id): [string, Reach] => [id, (world) => world.behind("logs", "DeleteLogGroup", { logGroupName: logGroup(world, id) })]),
  ),
  "database.main": async (world) => {
    await world.behind("rds", "DeleteDBInstance", { DBInstanceIdentifier: DATABASE, SkipFinalSnapshot: true });
  },
  "bucket.data": async ({ s3 }) => {
    const { Versions = [], DeleteMarkers = [] } = await s3.listObjectVersions({ Bucket: BUCKET });
    for (const { Key, VersionId } of [...Versions, ...DeleteMarkers]) await s3.deleteObject({ Bucket: BUCKET, Key, VersionId });
    await s3.deleteBucket({ Bucket: BUCKET });
  },
  ...Object.fromEntries(
    Object.entries(TABLES).map(([id, TableName]): [string, Reach] => [
      `table.${id}`,
      ({ behind }) => behind("dynamodb", "DeleteTable", { TableName }),
    ]),
  ),
  "topic.alerts": ({ behind }) => behind("sns", "DeleteTopic", { TopicArn: TOPIC }),
  "topic.alarms": ({ behind }) => behind("sns", "DeleteTopic", { TopicArn: ALARMS_TOPIC }),
  "alarm.api-errors": ({ behind }) => behind("cloudwatch", "DeleteAlarms", { AlarmNames: [ALARM] }),
  "dashboard.main": ({ behind }) => behind("cloudwatch", "DeleteDashboards", { DashboardNames: [DASHBOARD] }),
  ...Object.fromEntries(
    FUNCTIONS.flatMap((fn): [string, Reach][] => [
      [`function.${fn}`, ({ behind }) => behind("lambda", "DeleteFunction", { FunctionName: functionOf(fn) })],
      [
        `role.${fn}`,
        async ({ behind }) => {
          await behind("iam", "DeleteRolePolicy", { RoleName: roleOf(fn), PolicyName: "fleetlogix" });
          await behind("iam", "DeleteRole", { RoleName: roleOf(fn) });
        },
      ],
    ]),
  ),
  "api.rest": (world) => world.behind("apigateway", "DeleteRestApi", { restApiId: apiId(world) }),
  "api.stage": (world) => world.behind("apigateway", "DeleteStage", { restApiId: apiId(world), stageName: "prod" }),
  "api.key": (world) => world.behind("apigateway", "DeleteApiKey", { apiKey: keyId(world) }),
  "api.plan": (world) => world.behind("apigateway", "DeleteUsagePlan", { usagePlanId: planId(world) }),
  "api.account": async ({ behind }) => {
    const PolicyNames = ((await behind("iam", "ListRolePolicies", { RoleName: GATEWAY_ROLE })).PolicyNames ?? []) as string[];
    for (const PolicyName of PolicyNames) await behind("iam", "DeleteRolePolicy", { RoleName: GATEWAY_ROLE, PolicyName });
    await behind("iam", "DeleteRole", { RoleName: GATEWAY_ROLE });
    await behind("apigateway", "UpdateAccount", { patchOperations: [{ op: "replace", path: "/cloudwatchRoleArn", value: "" }] });
  },
};

/** AWS does not let a usage plan's stage go while the plan names it; with a deleted API it goes along. */
const NEEDS_FIRST: Readonly<Record<string, Reach>> = {
  "api.stage": (world) => unplanned(world),
  "api.rest": (world) => unplanned(world),
  "api.plan": (world) => unplanned(world),
};
const unplanned = (world: World) =>
  world.behind("apigateway", "UpdateUsagePlan", {
    usagePlanId: planId(world),
    patchOperations: [{ op: "remove", path: "/apiStages", value: `${apiId(world)}:prod` }],
  });

export function deletion(): readonly Scenario[] {
  return Object.entries(DELETIONS).flatMap(([id, remove], index) => {
    const before = async (world: World): Promise<void> => {
      await NEEDS_FIRST[id]?.(world);
      await remove(world);
    };
    const plans = ({ resources }: Plan): string | undefined => {
      const action = resources.find((resource) => resource.id === id)?.decision.action;
      return action === "create" || id === "api.account" ? undefined : `the plan says ${action} of what is gone`;
    };
    const rest = { from: "stack", before, concurrency: 1 + (index % 8) } as const;
    return [
      life({ ...rest, name: `F17 ${id} is deleted behind our back`, during: "up", plans }),
      // The account's logging role is not a stack's own: a teardown leaves it.
      ...(id === "api.account" ? [] : [life({ ...rest, name: `F17 ${id} is gone before a teardown`, during: "teardown" })]),
    ];
  });
}
