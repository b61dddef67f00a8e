import type { Plan } from "../../../src/app.ts";
import type { Config } from "../../../src/config/config.ts";
import { type OutOfBandChange, shows } from "./drifts.ts";
import type { Fixture } from "./fixture.ts";
import { lifecycle, type Scenario } from "./lifecycle.ts";
import { ACCOUNT, apiId, REGION } from "./stack.ts";

/** F16, F17 for the resources that only production has. */

const Bucket = `fleetlogix-logs-${ACCOUNT}-${REGION}`;
const SUBSCRIPTIONS = {
  "events.database": "fleetlogix-db-instance-events",
  "events.parameters": "fleetlogix-db-parameters-events",
  "events.network": "fleetlogix-db-network-events",
} as const;
const MONITORING = "fleetlogix-db-monitoring-role";
const KEY = "alias/fleetlogix";

const stageArn = (fixture: Fixture) => `arn:aws:apigateway:${REGION}::/restapis/${apiId(fixture)}/stages/prod`;
async function acl({ outOfBand }: Fixture): Promise<Readonly<Record<string, unknown>>> {
  const { WebACLs = [] } = await outOfBand("wafv2", "ListWebACLs", { Scope: "REGIONAL" });
  const [found] = WebACLs as readonly { readonly Name: string; readonly Id: string }[];
  const { WebACL, LockToken } = await outOfBand("wafv2", "GetWebACL", { Scope: "REGIONAL", Name: found?.Name, Id: found?.Id });
  return { Scope: "REGIONAL", Name: found?.Name, Id: found?.Id, LockToken, WebACL };
}
const event = (SubscriptionName: string, change: Readonly<Record<string, unknown>>): OutOfBandChange => {
  return ({ outOfBand }) => outOfBand("rds", "ModifyEventSubscription", { SubscriptionName, ...change });
};
const aclWith =
  (change: (acl: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>): OutOfBandChange =>
  async (fixture) => {
    const { WebACL, ...webAcl } = await acl(fixture);
    const { DefaultAction, Rules, VisibilityConfig, Description } = WebACL as Readonly<Record<string, unknown>>;
    return fixture.outOfBand("wafv2", "UpdateWebACL", { ...webAcl, ...change({ DefaultAction, Rules, VisibilityConfig, Description }) });
  };

/** By `<id in the plan> <path of the difference>`. */
const DRIFTS: Readonly<Record<string, OutOfBandChange>> = {
  "bucket.logs publicAccessBlock": ({ s3 }) => s3.deletePublicAccessBlock({ Bucket }),
  "bucket.logs policy": ({ s3 }) => s3.deleteBucketPolicy({ Bucket }),
  "bucket.logs lifecycle": ({ s3 }) => s3.deleteBucketLifecycle({ Bucket }),
  "bucket.logs versioning": ({ s3 }) => s3.putBucketVersioning({ Bucket, VersioningConfiguration: { Status: "Suspended" } }),
  "bucket.data accessLog": ({ s3 }) => s3.putBucketLogging({ Bucket: `fleetlogix-data-${ACCOUNT}-${REGION}`, BucketLoggingStatus: {} }),
  "events.database enabled": event(SUBSCRIPTIONS["events.database"], { Enabled: false }),
  "events.database categories": event(SUBSCRIPTIONS["events.database"], { EventCategories: ["failure"] }),
  "events.parameters enabled": event(SUBSCRIPTIONS["events.parameters"], { Enabled: false }),
  "api.firewall rules": aclWith((live) => ({ ...live, Rules: [] })),
  "api.firewall defaultAction": aclWith((live) => ({ ...live, DefaultAction: { Block: {} } })),
  "key.stack rotation": async (fixture) => fixture.outOfBand("kms", "DisableKeyRotation", { KeyId: await stackKeyId(fixture) }),
  "key.stack keyState": async (fixture) => fixture.outOfBand("kms", "DisableKey", { KeyId: await stackKeyId(fixture) }),
  "role.monitoring policy": ({ outOfBand }) => outOfBand("iam", "DeleteRolePolicy", { RoleName: MONITORING, PolicyName: "fleetlogix" }),
  "database.main multiAz": ({ outOfBand }) =>
    outOfBand("rds", "ModifyDBInstance", { DBInstanceIdentifier: "fleetlogix-db", MultiAZ: false, ApplyImmediately: true }),
  "database.main deletionProtection": ({ outOfBand }) =>
    outOfBand("rds", "ModifyDBInstance", { DBInstanceIdentifier: "fleetlogix-db", DeletionProtection: false }),
};
async function stackKeyId({ outOfBand }: Fixture): Promise<unknown> {
  const { KeyMetadata } = await outOfBand("kms", "DescribeKey", { KeyId: KEY });
  return (KeyMetadata as { readonly KeyId: string }).KeyId;
}

const DELETIONS: Readonly<Record<string, OutOfBandChange>> = {
  "bucket.logs": async ({ s3 }) => {
    await s3.putBucketLogging({ Bucket: `fleetlogix-data-${ACCOUNT}-${REGION}`, BucketLoggingStatus: {} });
    await s3.deleteBucket({ Bucket });
  },
  ...Object.fromEntries(
    Object.entries(SUBSCRIPTIONS).map(([id, SubscriptionName]): [string, OutOfBandChange] => [
      id,
      ({ outOfBand }) => outOfBand("rds", "DeleteEventSubscription", { SubscriptionName }),
    ]),
  ),
  "api.firewall-stage": (fixture) => fixture.outOfBand("wafv2", "DisassociateWebACL", { ResourceArn: stageArn(fixture) }),
  "api.firewall": async (fixture) => {
    await fixture.outOfBand("wafv2", "DisassociateWebACL", { ResourceArn: stageArn(fixture) });
    const { WebACL: _acl, ...webAcl } = await acl(fixture);
    await fixture.outOfBand("wafv2", "DeleteWebACL", webAcl);
  },
  "role.monitoring": async ({ outOfBand }) => {
    await outOfBand("iam", "DeleteRolePolicy", { RoleName: MONITORING, PolicyName: "fleetlogix" });
    await outOfBand("iam", "DeleteRole", { RoleName: MONITORING });
  },
};

export function productionDrift(config: Config): readonly Scenario[] {
  return Object.entries(DRIFTS).map(([name, before], index) => {
    const [id = "", path = ""] = name.split(" ");
    const expectPlan = (plan: Plan) => shows(plan, id, path);
    return lifecycle({ ...standing(config, index), name: `F16 production's ${name} drifts`, during: "up", before, expectPlan });
  });
}
export function productionDeletion(config: Config): readonly Scenario[] {
  return Object.entries(DELETIONS).flatMap(([id, before], index) => {
    const expectPlan = ({ resources }: Plan): string | undefined => {
      const action = resources.find((resource) => resource.id === id)?.decision.action;
      return action === "create" ? undefined : `the plan says ${action} for a deleted resource`;
    };
    const common = { ...standing(config, index), before };
    return [
      lifecycle({ ...common, name: `F17 production's ${id} is deleted outside of fleetlogix`, during: "up", expectPlan }),
      lifecycle({ ...common, name: `F17 production's ${id} is gone before a teardown`, during: "teardown" }),
    ];
  });
}
const standing = (config: Config, index: number) => ({ from: "stack", stackOfConfig: true, config, concurrency: 1 + (index % 8) }) as const;
