import type { Plan } from "../../../src/app.ts";
import type { OutOfBandChange } from "./drifts.ts";
import type { Fixture } from "./fixture.ts";
import { lifecycle, type Scenario } from "./lifecycle.ts";
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

/** F17: a resource is deleted outside of fleetlogix. `up` creates it again, and a teardown continues without it. */

/** By id in the plan: the calls that delete it, with the calls that AWS requires before. */
const DELETIONS: Readonly<Record<string, OutOfBandChange>> = {
  ...Object.fromEntries(
    LOGS.map((id): [string, OutOfBandChange] => [
      id,
      (fixture) => fixture.outOfBand("logs", "DeleteLogGroup", { logGroupName: logGroup(fixture, id) }),
    ]),
  ),
  "database.main": async (fixture) => {
    await fixture.outOfBand("rds", "DeleteDBInstance", { DBInstanceIdentifier: DATABASE, SkipFinalSnapshot: true });
  },
  "bucket.data": async ({ s3 }) => {
    const { Versions = [], DeleteMarkers = [] } = await s3.listObjectVersions({ Bucket: BUCKET });
    for (const { Key, VersionId } of [...Versions, ...DeleteMarkers]) await s3.deleteObject({ Bucket: BUCKET, Key, VersionId });
    await s3.deleteBucket({ Bucket: BUCKET });
  },
  ...Object.fromEntries(
    Object.entries(TABLES).map(([id, TableName]): [string, OutOfBandChange] => [
      `table.${id}`,
      ({ outOfBand }) => outOfBand("dynamodb", "DeleteTable", { TableName }),
    ]),
  ),
  "topic.alerts": ({ outOfBand }) => outOfBand("sns", "DeleteTopic", { TopicArn: TOPIC }),
  "topic.alarms": ({ outOfBand }) => outOfBand("sns", "DeleteTopic", { TopicArn: ALARMS_TOPIC }),
  "alarm.api-errors": ({ outOfBand }) => outOfBand("cloudwatch", "DeleteAlarms", { AlarmNames: [ALARM] }),
  "dashboard.main": ({ outOfBand }) => outOfBand("cloudwatch", "DeleteDashboards", { DashboardNames: [DASHBOARD] }),
  ...Object.fromEntries(
    FUNCTIONS.flatMap((fn): [string, OutOfBandChange][] => [
      [`function.${fn}`, ({ outOfBand }) => outOfBand("lambda", "DeleteFunction", { FunctionName: functionOf(fn) })],
      [
        `role.${fn}`,
        async ({ outOfBand }) => {
          await outOfBand("iam", "DeleteRolePolicy", { RoleName: roleOf(fn), PolicyName: "fleetlogix" });
          await outOfBand("iam", "DeleteRole", { RoleName: roleOf(fn) });
        },
      ],
    ]),
  ),
  "api.rest": (fixture) => fixture.outOfBand("apigateway", "DeleteRestApi", { restApiId: apiId(fixture) }),
  "api.stage": (fixture) => fixture.outOfBand("apigateway", "DeleteStage", { restApiId: apiId(fixture), stageName: "prod" }),
  "api.key": (fixture) => fixture.outOfBand("apigateway", "DeleteApiKey", { apiKey: keyId(fixture) }),
  "api.plan": (fixture) => fixture.outOfBand("apigateway", "DeleteUsagePlan", { usagePlanId: planId(fixture) }),
  "api.account": async ({ outOfBand }) => {
    const PolicyNames = ((await outOfBand("iam", "ListRolePolicies", { RoleName: GATEWAY_ROLE })).PolicyNames ?? []) as string[];
    for (const PolicyName of PolicyNames) await outOfBand("iam", "DeleteRolePolicy", { RoleName: GATEWAY_ROLE, PolicyName });
    await outOfBand("iam", "DeleteRole", { RoleName: GATEWAY_ROLE });
    await outOfBand("apigateway", "UpdateAccount", { patchOperations: [{ op: "replace", path: "/cloudwatchRoleArn", value: "" }] });
  },
};

/** AWS refuses to delete a stage that a usage plan names. */
const PREREQUISITES: Readonly<Record<string, OutOfBandChange>> = {
  "api.stage": (fixture) => detachFromPlan(fixture),
  "api.rest": (fixture) => detachFromPlan(fixture),
  "api.plan": (fixture) => detachFromPlan(fixture),
};
const detachFromPlan = (fixture: Fixture) =>
  fixture.outOfBand("apigateway", "UpdateUsagePlan", {
    usagePlanId: planId(fixture),
    patchOperations: [{ op: "remove", path: "/apiStages", value: `${apiId(fixture)}:prod` }],
  });

export function deletions(): readonly Scenario[] {
  return Object.entries(DELETIONS).flatMap(([id, remove], index) => {
    const before = async (fixture: Fixture): Promise<void> => {
      await PREREQUISITES[id]?.(fixture);
      await remove(fixture);
    };
    const expectPlan = ({ resources }: Plan): string | undefined => {
      const action = resources.find((resource) => resource.id === id)?.decision.action;
      return action === "create" || id === "api.account" ? undefined : `the plan says ${action} for a deleted resource`;
    };
    const common = { from: "stack", before, concurrency: 1 + (index % 8) } as const;
    return [
      lifecycle({ ...common, name: `F17 ${id} is deleted outside of fleetlogix`, during: "up", expectPlan }),
      // The logging role belongs to the account, not to the stack: a teardown leaves it.
      ...(id === "api.account" ? [] : [lifecycle({ ...common, name: `F17 ${id} is deleted before a teardown`, during: "teardown" })]),
    ];
  });
}
