import type { Decision } from "../engine/decide.ts";
import { FleetlogixError } from "../errors.ts";
import { DATABASE_ID } from "../stack-ids.ts";
import type { Finding } from "./contract.ts";
import type { Session } from "./session.ts";

/** One requirement of the account. The check makes no writing call. */
export type Check = (session: Session) => Promise<readonly Finding[]>;

export const fine = (check: string, message: string): Finding => ({ check, ok: true, severity: "info", message, fix: null });
export const lacks = (check: string, severity: "error" | "warning", message: string, fix: string): Finding => ({
  check,
  ok: false,
  severity,
  message,
  fix,
});

const quotaFix = (service: string, code: string, value: number, region: string): string =>
  `\`aws service-quotas request-service-quota-increase --service-code ${service} --quota-code ${code} --desired-value ${value} --region ${region}\``;
/** A zone in which the network has no subnet; each region has at least `a` and `b`. */
const otherZone = (zones: readonly (string | undefined)[], region: string): string =>
  ["a", "b"].map((letter) => `${region}${letter}`).find((zone) => !zones.includes(zone)) ?? `${region}c`;

/** A database in the default network needs subnets in two zones: RDS refuses a subnet group in one zone. */
const network: Check = async ({ clients, place, ask }) => {
  const ec2 = await clients.ec2();
  const { Vpcs = [] } = await ask("the default network", () => ec2.describeVpcs({ Filters: [{ Name: "is-default", Values: ["true"] }] }));
  const vpc = Vpcs[0]?.VpcId;
  if (vpc === undefined) {
    const fix = `\`aws ec2 create-default-vpc --region ${place.region}\``;
    return [lacks("network", "error", `There is no default VPC in ${place.region}, so the database has no network.`, fix)];
  }
  const { Subnets = [] } = await ask("the subnets", () => ec2.describeSubnets({ Filters: [{ Name: "vpc-id", Values: [vpc] }] }));
  const zones = [...new Set(Subnets.map((subnet) => subnet.AvailabilityZone))];
  if (zones.length >= 2) return [fine("network", `default VPC ${vpc} with subnets in ${zones.length} zones`)];
  const fix = `\`aws ec2 create-default-subnet --region ${place.region} --availability-zone ${otherZone(zones, place.region)}\``;
  return [lacks("network", "error", `The default VPC ${vpc} has subnets in ${zones.length} zone; the database needs two.`, fix)];
};

/** AWS withdraws versions, and classes differ by region, so RDS is asked. */
const database: Check = async ({ clients, config, place, ask }) => {
  const { engineVersion, instanceClass } = config.database;
  const rds = await clients.rds();
  const { DBEngineVersions = [] } = await ask("the database's versions", () =>
    rds.describeDBEngineVersions({ Engine: "postgres", EngineVersion: engineVersion }),
  );
  if (DBEngineVersions.length === 0) {
    const fix = `set database.engineVersion to one that \`aws rds describe-db-engine-versions --engine postgres --region ${place.region}\` lists`;
    return [lacks("database", "error", `RDS offers no PostgreSQL ${engineVersion} in ${place.region}.`, fix)];
  }
  const EngineVersion = DBEngineVersions.at(-1)?.EngineVersion ?? engineVersion;
  const { OrderableDBInstanceOptions = [] } = await ask("the database's classes", () =>
    rds.describeOrderableDBInstanceOptions({ Engine: "postgres", EngineVersion, DBInstanceClass: instanceClass }),
  );
  if (OrderableDBInstanceOptions.length > 0) return [fine("database", `PostgreSQL ${EngineVersion} on ${instanceClass} can be ordered`)];
  const fix = "set database.instanceClass to a class that `aws rds describe-orderable-db-instance-options --engine postgres` lists";
  return [lacks("database", "error", `RDS offers no PostgreSQL ${EngineVersion} on ${instanceClass} in ${place.region}.`, fix)];
};

/** The quota of databases in the account and region. The stack needs one, or none where its database exists. */
const room: Check = async ({ clients, place, ask }) => {
  const rds = await clients.rds();
  const { AccountQuotas = [] } = await ask("the database quota", () => rds.describeAccountAttributes({}));
  const quota = AccountQuotas.find((one) => one.AccountQuotaName === "DBInstances");
  const { Used: used = 0, Max: most = Number.POSITIVE_INFINITY } = quota ?? {};
  if (used < most) return [fine("database quota", `${used} of ${most} databases`)];
  const fix = quotaFix("rds", "L-7B6409FD", most + 10, place.region);
  return [lacks("database quota", "warning", `All ${most} databases that the account may have in ${place.region} are there.`, fix)];
};

/** The quota of roles is one for the account. Three functions, the log of the API and the metrics of the database need one role each. */
const ROLES_NEEDED = 5;
const roles: Check = async ({ clients, ask }) => {
  const iam = await clients.iam();
  const { SummaryMap = {} } = await ask("the role quota", () => iam.getAccountSummary({}));
  const { Roles: used = 0, RolesQuota: most = Number.POSITIVE_INFINITY } = SummaryMap as Readonly<Record<string, number>>;
  if (used + ROLES_NEEDED <= most) return [fine("role quota", `${used} of ${most} roles`)];
  const fix = quotaFix("iam", "L-FE177D64", most + 100, "us-east-1");
  return [
    lacks(
      "role quota",
      "warning",
      `${used} of the ${most} roles that the account may have are there; a new stack needs ${ROLES_NEEDED}.`,
      fix,
    ),
  ];
};

const FEW_CONCURRENT = 50;
const concurrency: Check = async ({ clients, ask, place }) => {
  const lambda = await clients.lambda();
  const { AccountLimit } = await ask("the functions' limits", () => lambda.getAccountSettings({}));
  const free = AccountLimit?.UnreservedConcurrentExecutions ?? AccountLimit?.ConcurrentExecutions ?? 0;
  if (free >= FEW_CONCURRENT) return [fine("functions", `${free} functions may run at once`)];
  const fix = quotaFix("lambda", "L-B99A9384", 1000, place.region);
  return [lacks("functions", "warning", `Only ${free} functions may run at once in this account; 200 vehicles may need more.`, fix)];
};

/** One role for all APIs of the account and region: `up` sets it where it is empty and does not change another one. */
const loggingRole: Check = async ({ clients, ask }) => {
  const gateway = await clients.apigateway();
  const { cloudwatchRoleArn } = await ask("API Gateway's settings", () => gateway.getAccount({}));
  return [
    fine(
      "api logging",
      cloudwatchRoleArn ? `API Gateway logs as ${cloudwatchRoleArn}` : "API Gateway has no logging role yet; `up` sets one",
    ),
  ];
};

export const PREFLIGHT: readonly Check[] = [network, database, room, roles, concurrency, loggingRole];

/** The versions to which RDS can upgrade an instance depend on its present version. */
const upgrade =
  (from: string): Check =>
  async ({ clients, config, ask }) => {
    const { engineVersion: to, identifier } = config.database;
    const rds = await clients.rds();
    const { DBEngineVersions = [] } = await ask("the database's upgrades", () =>
      rds.describeDBEngineVersions({ Engine: "postgres", EngineVersion: from }),
    );
    const targets = DBEngineVersions.flatMap(({ ValidUpgradeTarget = [] }) =>
      ValidUpgradeTarget.map(({ EngineVersion = "" }) => EngineVersion),
    );
    if (targets.some((target) => target === to || target.startsWith(`${to}.`))) return [fine("database upgrade", `${from} to ${to}`)];
    const newest = targets.at(-1);
    const fix = newest
      ? `write "engineVersion": "${newest.split(".")[0]}" in "database", and go on from there`
      : `write "engineVersion": "${from.split(".")[0]}" in "database"`;
    return [
      lacks(
        "database upgrade",
        "error",
        `RDS cannot upgrade the database "${identifier}" from PostgreSQL ${from} to ${to} in one step.`,
        fix,
      ),
    ];
  };

/** Throws with all missing requirements before a database is created or changed: AWS would refuse after minutes only. */
export async function refuseUnfit(session: Session, decision: Decision): Promise<void> {
  // Other endpoints need not have these calls.
  if (session.options.endpoint !== undefined && !session.options.local) return;
  const findings = await Promise.all(checksFor(decision).map((check) => check(session)));
  const missing = findings.flat().filter((finding) => !finding.ok);
  if (missing.length === 0) return;
  throw new FleetlogixError("PREFLIGHT", missing.map((finding) => finding.message).join("\n"), {
    hint: missing.map((finding) => `To correct it: ${finding.fix}.`).join(" "),
    resource: DATABASE_ID,
  });
}
function checksFor(decision: Decision): readonly Check[] {
  if (decision.action === "create") return [network, database, room];
  if (decision.action !== "update") return [];
  const version = decision.changes.find(({ path }) => path === "engineVersion");
  const ordered = version !== undefined || decision.changes.some(({ path }) => path === "instanceClass");
  return [...(ordered ? [database] : []), ...(version ? [upgrade(String(version.from))] : [])];
}
