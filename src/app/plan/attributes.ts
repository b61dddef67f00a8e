import type { ObservedNode } from "../../engine/observe.ts";

type Attributes = Readonly<Record<string, unknown>>;
type Reader = (spec: Readonly<Record<string, unknown>>) => Attributes;

/** By kind: the settings that matter most before a create, with the names of the configuration. */
const IMPORTANT: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  [
    "rds.instance",
    ({ engineVersion, instanceClass, storageGb, multiAz, publiclyAccessible, backupRetentionDays }) => ({
      ...{ engineVersion, instanceClass, storageGb, multiAz, publiclyAccessible, backupRetentionDays },
    }),
  ],
  [
    "s3.bucket",
    ({ archive, expireDays, noncurrentExpireDays, kmsKey }) => ({
      ...{ glacierAfterDays: (archive as { afterDays: number } | undefined)?.afterDays, expireDays, noncurrentExpireDays, kmsKey },
      publicAccess: "blocked",
    }),
  ],
  [
    "dynamodb.table",
    ({ key, indexes, ttl, deletionProtection }) => ({
      key: Object.values(key as object)
        .filter(Boolean)
        .join(", "),
      indexes: (indexes as readonly { name: string }[]).map(({ name }) => name).join(", "),
      ...{ ttl, deletionProtection },
    }),
  ],
  ["lambda.function", ({ runtime, architecture, memoryMb, timeoutSeconds }) => ({ runtime, architecture, memoryMb, timeoutSeconds })],
  ["logs.group", ({ retentionDays }) => ({ retentionDays })],
  ["ec2.security-group", ({ port, cidrs }) => ({ port, allowedCidrs: (cidrs as readonly string[] | undefined)?.join(", ") })],
  ["apigateway.stage", ({ rateLimit, burstLimit, logLevel }) => ({ rateLimit, burstLimit, logLevel })],
  ["apigateway.usage-plan", ({ rateLimit, burstLimit, dailyQuota }) => ({ rateLimit, burstLimit, dailyQuota })],
  ["iam.role", ({ policy }) => ({ mayDo: actionsOf(policy) })],
  ["wafv2.web-acl", ({ ratePerAddress }) => ({ callsPerAddress: ratePerAddress })],
]);

/** The important settings of a resource that will be created; undefined when there are none, or not known yet. */
export function attributesOf({ node, spec }: ObservedNode): Attributes | undefined {
  const reader = IMPORTANT.get(node.kind.kind);
  if (reader === undefined || !spec.known) return undefined;
  const present = Object.entries(reader(spec.value as Readonly<Record<string, unknown>>)).filter(
    ([, value]) => value !== undefined && value !== "",
  );
  return present.length > 0 ? Object.fromEntries(present) : undefined;
}

/** Services and actions of a policy, without duplicates. */
function actionsOf(policy: unknown): string {
  const { Statement = [] } = policy as { readonly Statement?: readonly { readonly Action?: string | readonly string[] }[] };
  return [...new Set(Statement.flatMap(({ Action = [] }) => Action))].join(", ");
}
