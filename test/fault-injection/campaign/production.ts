import type { Plan } from "../../../src/app.ts";
import type { Config } from "../../../src/config/config.ts";
import { type Reach, shows } from "./drifts.ts";
import type { World } from "./fixture.ts";
import { life, type Scenario } from "./lifecycle.ts";
import { ACCOUNT, apiId, REGION } from "./stack.ts";

/** F16, F17 of what a stack has in production only: somebody changes or deletes it behind our back. */

const Bucket = `fleetlogix-logs-${ACCOUNT}-${REGION}`;
const SUBSCRIPTIONS = {
  "events.database": "fleetlogix-db-instance-events",
  "events.parameters": "fleetlogix-db-parameters-events",
  "events.network": "fleetlogix-db-network-events",
} as const;
const MONITORING = "fleetlogix-db-monitoring-role";
const KEY = "alias/fleetlogix";

const stageArn = (world: World) => `arn:aws:apigateway:${REGION}::/restapis/${apiId(world)}/stages/prod`;
async function acl({ behind }: World): Promise<Readonly<Record<string, unknown>>> {
  const { WebACLs = [] } = await behind("wafv2", "ListWebACLs", { Scope: "REGIONAL" });
  const [found] = WebACLs as readonly { readonly Name: string; readonly Id: string }[];
  const { WebACL, LockToken } = await behind("wafv2", "GetWebACL", { Scope: "REGIONAL", Name: found?.Name, Id: found?.Id });
  return { Scope: "REGIONAL", Name: found?.Name, Id: found?.Id, LockToken, WebACL };
}
const event = (SubscriptionName: string, change: Readonly<Record<string, unknown>>): Reach => {
  return ({ behind }) => behind("rds", "ModifyEventSubscription", { SubscriptionName, ...change });
};
const aclWith =
  (change: (acl: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>): Reach =>
  async (world) => {
    const { WebACL, ...named } = await acl(world);
    const { DefaultAction, Rules, VisibilityConfig, Description } = WebACL as Readonly<Record<string, unknown>>;
    return world.behind("wafv2", "UpdateWebACL", { ...named, ...change({ DefaultAction, Rules, VisibilityConfig, Description }) });
  };

/** By `<id in the plan> <path of the difference>`. */
const DRIFTS: Readonly<Record<string, Reach>> = {
  "bucket.logs publicAccessBlock": ({ s3 }) => s3.deletePublicAccessBlock({ Bucket }),
  "bucket.logs policy": ({ s3 }) => s3.deleteBucketPolicy({ Bucket }),
  "bucket.logs lifecycle": ({ s3 }) => s3.deleteBucketLifecycle({ Bucket }),
  "bucket.logs versioning": ({ s3 }) => s3.putBucketVersioning({ Bucket, VersioningConfiguration: { Status: "Suspended" } }),
  "bucket.data accessLog": ({ s3 }) => s3.putBucketLogging({ Bucket: `fleetlogix-data-${ACCOUNT}-${REGION}`, BucketLoggingStatus: {} }),
  "events.database enabled": event(SUBSCRIPTIONS["events.database"], { Enabled: false }),
  "events.database categories": event(SUBSCRIPTIONS["events.database"], { EventCategories: ["failure"] }),
  "events.parameters enabled": event(SUBSCRIPTIONS["events.parameters"], { Enabled: false }),
  "api.firewall rules": aclWith((there) => ({ ...there, Rules: [] })),
  "api.firewall defaultAction": aclWith((there) => ({ ...there, DefaultAction: { Block: {} } })),
  "key.stack rotation": async (world) => world.behind("kms", "DisableKeyRotation", { KeyId: await keyOf(world) }),
  "key.stack keyState": async (world) => world.behind("kms", "DisableKey", { KeyId: await keyOf(world) }),
  "role.monitoring policy": ({ behind }) => behind("iam", "DeleteRolePolicy", { RoleName: MONITORING, PolicyName: "fleetlogix" }),
  "database.main multiAz": ({ behind }) =>
    behind("rds", "ModifyDBInstance", { DBInstanceIdentifier: "fleetlogix-db", MultiAZ: false, ApplyImmediately: true }),
  "database.main deletionProtection": ({ behind }) =>
    behind("rds", "ModifyDBInstance", { DBInstanceIdentifier: "fleetlogix-db", DeletionProtection: false }),
};
async function keyOf({ behind }: World): Promise<unknown> {
  const { KeyMetadata } = await behind("kms", "DescribeKey", { KeyId: KEY });
  return (KeyMetadata as { readonly KeyId: string }).KeyId;
}

const DELETIONS: Readonly<Record<string, Reach>> = {
  "bucket.logs": async ({ s3 }) => {
    await s3.putBucketLogging({ Bucket: `fleetlogix-data-${ACCOUNT}-${REGION}`, BucketLoggingStatus: {} });
    await s3.deleteBucket({ Bucket });
  },
  ...Object.fromEntries(
    Object.entries(SUBSCRIPTIONS).map(([id, SubscriptionName]): [string, Reach] => [
      id,
      ({ behind }) => behind("rds", "DeleteEventSubscription", { SubscriptionName }),
    ]),
  ),
  "api.firewall-stage": (world) => world.behind("wafv2", "DisassociateWebACL", { ResourceArn: stageArn(world) }),
  "api.firewall": async (world) => {
    await world.behind("wafv2", "DisassociateWebACL", { ResourceArn: stageArn(world) });
    const { WebACL: _acl, ...named } = await acl(world);
    await world.behind("wafv2", "DeleteWebACL", named);
  },
  "role.monitoring": async ({ behind }) => {
    await behind("iam", "DeleteRolePolicy", { RoleName: MONITORING, PolicyName: "fleetlogix" });
    await behind("iam", "DeleteRole", { RoleName: MONITORING });
  },
};

export function productionDrift(config: Config): readonly Scenario[] {
  return Object.entries(DRIFTS).map(([name, before], index) => {
    const [id = "", path = ""] = name.split(" ");
    const plans = (plan: Plan) => shows(plan, id, path);
    return life({ ...standing(config, index), name: `F16 production's ${name} drifts`, during: "up", before, plans });
  });
}
export function productionDeletion(config: Config): readonly Scenario[] {
  return Object.entries(DELETIONS).flatMap(([id, before], index) => {
    const plans = ({ resources }: Plan): string | undefined => {
      const action = resources.find((resource) => resource.id === id)?.decision.action;
      return action === "create" ? undefined : `the plan says ${action} of what is gone`;
    };
    const how = { ...standing(config, index), before };
    return [
      life({ ...how, name: `F17 production's ${id} is deleted behind our back`, during: "up", plans }),
      life({ ...how, name: `F17 production's ${id} is gone before a teardown`, during: "teardown" }),
    ];
  });
}
const standing = (config: Config, index: number) => ({ from: "stack", stands: true, config, concurrency: 1 + (index % 8) }) as const;
