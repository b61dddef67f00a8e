import type { FaultedCall, FaultRule } from "../../../src/local/core/faults.ts";
import type { RunEnd } from "../invariants/invariants.ts";
import { errorOf } from "../invariants/invariants.ts";
import type { Command } from "../invariants/order.ts";
import { drifted } from "./drifts.ts";
import { type Lifecycle, lifecycle, type Scenario } from "./lifecycle.ts";
import { BUCKET } from "./stack.ts";

/** F11, F12: errors of AWS that pass by themselves, and states that take time or never end. */

type TransientError = readonly [during: Command, operation: string, code: string, status: number, message: string, times?: number];
const BUSY_API = "Unable to complete operation due to concurrent modification. Please try again later.";
const UPDATING = "The operation cannot be performed at this time. An update is in progress for resource: arn:aws:lambda:…";
const ABORTED = "A conflicting conditional operation is currently in progress against this resource. Please try again.";
const TRANSIENT_ERRORS: readonly TransientError[] = [
  [
    "up",
    "lambda:CreateFunction",
    "InvalidParameterValueException",
    400,
    "The role defined for the function cannot be assumed by Lambda.",
    5,
  ],
  ["up", "lambda:PublishVersion", "ResourceConflictException", 409, UPDATING],
  ["up", "lambda:CreateAlias", "ResourceNotFoundException", 404, "Function not found: arn:aws:lambda:…:1"],
  ["up", "lambda:AddPermission", "PreconditionFailedException", 412, "The RevisionId provided does not match the latest Revision Id."],
  ["up", "lambda:AddPermission", "ResourceNotFoundException", 404, "Cannot find alias arn: arn:aws:lambda:…:live"],
  ["up", "apigateway:UpdateAccount", "BadRequestException", 400, "The role ARN does not have required permissions configured.", 4],
  ["up", "apigateway:PutRestApi", "ConflictException", 409, BUSY_API],
  ["up", "apigateway:PutRestApi", "NotFoundException", 404, "Invalid API identifier specified 000000000000:abc"],
  ["up", "apigateway:CreateDeployment", "ConflictException", 409, BUSY_API],
  ["up", "apigateway:CreateStage", "ConflictException", 409, BUSY_API],
  ["up", "apigateway:UpdateStage", "ConflictException", 409, BUSY_API],
  ["up", "apigateway:CreateUsagePlan", "NotFoundException", 404, "API CampaignContext not found: abc:prod"],
  ["up", "apigateway:CreateUsagePlanKey", "ConflictException", 409, BUSY_API],
  ["up", "apigateway:CreateApiKey", "LimitExceededException", 429, "Rate exceeded"],
  ["up", "rds:CreateDBInstance", "InvalidParameterValue", 400, "The security group is in a VPC that is not known yet: PrincipalNotFound"],
  ["up", "rds:ModifyDBParameterGroup", "InvalidDBParameterGroupState", 400, "The parameter group is being modified."],
  ["up", "rds:ModifyDBParameterGroup", "DBParameterGroupNotFound", 404, "DBParameterGroup not found: fleetlogix-db-postgres17"],
  ["up", "dynamodb:CreateTable", "LimitExceededException", 400, "Subscriber limit exceeded: only 10 tables can be created simultaneously"],
  ["up", "dynamodb:UpdateContinuousBackups", "ContinuousBackupsUnavailableException", 400, "Backups are being enabled for the table", 4],
  ["up", "dynamodb:UpdateTimeToLive", "ResourceInUseException", 400, "Table is being updated: FleetLogix_Alerts"],
  ["up", "s3:CreateBucket", "OperationAborted", 409, ABORTED],
  ["up", "s3:PutBucketEncryption", "NoSuchBucket", 404, "The specified bucket does not exist"],
  ["up", "s3:PutBucketPolicy", "OperationAborted", 409, ABORTED],
  ["up", "s3:PutBucketLifecycleConfiguration", "OperationAborted", 409, ABORTED],
  ["up", "sns:CreateTopic", "ConcurrentAccessException", 400, "Tags are being changed"],
  [
    "up",
    "iam:CreateRole",
    "ConcurrentModification",
    409,
    "The request was rejected because multiple requests to change this object were submitted.",
  ],
  ["up", "iam:PutRolePolicy", "NoSuchEntity", 404, "The role with name fleetlogix-verify-delivery-role cannot be found."],
  [
    "up",
    "logs:CreateLogGroup",
    "OperationAbortedException",
    400,
    "A conflicting operation is currently in progress against this resource.",
  ],
  ["up", "logs:PutRetentionPolicy", "ResourceNotFoundException", 400, "The specified log group does not exist."],
  ["up", "ec2:RevokeSecurityGroupEgress", "InvalidGroup.NotFound", 400, "The security group does not exist"],
  ["up", "ec2:AuthorizeSecurityGroupIngress", "InvalidGroup.NotFound", 400, "The security group does not exist"],
  ["teardown", "iam:DeleteRole", "DeleteConflict", 409, "Cannot delete entity, must delete policies first."],
  ["teardown", "ec2:DeleteSecurityGroup", "DependencyViolation", 400, "resource sg-1 has a dependent object", 8],
  ["teardown", "rds:DeleteDBInstance", "InvalidDBInstanceState", 400, "Instance fleetlogix-db is not in available state."],
  ["teardown", "rds:DeleteDBParameterGroup", "InvalidDBParameterGroupState", 400, "One or more database instances are still members", 6],
  [
    "teardown",
    "dynamodb:DeleteTable",
    "ResourceInUseException",
    400,
    "Attempt to change a resource which is still in use: Table is being updated",
  ],
  ["teardown", "s3:DeleteBucket", "BucketNotEmpty", 409, "The bucket you tried to delete is not empty"],
  ["teardown", "s3:DeleteBucket", "OperationAborted", 409, ABORTED],
  ["teardown", "sns:DeleteTopic", "ConcurrentAccessException", 400, "Tags are being changed"],
  ["teardown", "lambda:DeleteFunction", "ResourceConflictException", 409, UPDATING],
  ["teardown", "apigateway:DeleteRestApi", "TooManyRequestsException", 429, "Too Many Requests", 4],
  ["teardown", "apigateway:DeleteUsagePlan", "ConflictException", 409, BUSY_API],
  [
    "teardown",
    "logs:DeleteLogGroup",
    "OperationAbortedException",
    400,
    "A conflicting operation is currently in progress against this resource.",
  ],
];
/** Errors of the calls that repair a drift. */
const WHILE_REPAIRING: readonly (readonly [drift: string, operation: string, code: string, status: number, message: string])[] = [
  ["function.calculate-eta memoryMb", "lambda:UpdateFunctionConfiguration", "ResourceConflictException", 409, UPDATING],
  ["database.main instanceClass", "rds:ModifyDBInstance", "InvalidDBInstanceState", 400, "Database instance is not in available state."],
  ["api.stage rateLimit", "apigateway:UpdateStage", "ConflictException", 409, BUSY_API],
  ["api.plan rateLimit", "apigateway:UpdateUsagePlan", "ConflictException", 409, BUSY_API],
  ["api.key enabled", "apigateway:UpdateApiKey", "ConflictException", 409, BUSY_API],
  ["table.routes deletionProtection", "dynamodb:UpdateTable", "ResourceInUseException", 400, "Table is being updated"],
  ["topic.alerts policy", "sns:SetTopicAttributes", "ConcurrentAccessException", 400, "Attributes are being changed"],
  ["role.calculate-eta trust", "iam:UpdateAssumeRolePolicy", "MalformedPolicyDocument", 400, "Invalid principal in policy"],
];

const expectSuccess = ({ result }: RunEnd): string | undefined =>
  result?.ok ? undefined : "an error that passes by itself made the run fail";
export function transientErrors(): readonly Scenario[] {
  const nameOf = ([, operation, code]: readonly [string, string, string, ...unknown[]]) =>
    `F11 ${operation} is refused for a while: ${code}`;
  const rule = (call: string, code: string, status: number, message: string, times: number): FaultRule => {
    return { ...callOf(call), times, fault: { kind: "fail", code, status, message } };
  };
  return [
    ...TRANSIENT_ERRORS.map((entry, index) => {
      const [during, operation, code, status, message, times = 2] = entry;
      const rules = () => [rule(operation, code, status, message, times)];
      return lifecycle({ name: `${nameOf(entry)} in ${during}`, during, concurrency: 1 + (index % 8), rules, expectEnd: expectSuccess });
    }),
    ...WHILE_REPAIRING.map((entry, index) => {
      const [drift, operation, code, status, message] = entry;
      const rules = () => [rule(operation, code, status, message, 2)];
      return lifecycle({
        ...drifted(drift),
        name: `${nameOf(entry)} while ${drift} is repaired`,
        concurrency: 1 + (index % 8),
        rules,
        expectEnd: expectSuccess,
      });
    }),
    ...LATE_WRITERS.map((entry, index) => lifecycle({ during: "teardown", concurrency: 1 + index, expectEnd: expectSuccess, ...entry })),
  ];
}

/** Writers that go on writing while the teardown runs. */
const LATE_WRITERS: readonly Pick<Lifecycle, "name" | "rules">[] = [
  {
    name: "F11 a late writer creates each log group again",
    // Each log group comes back when the next one is deleted: by then the teardown has confirmed that it is gone.
    rules(_run, fixture) {
      const gone: unknown[] = [];
      const after = async ({ input: { logGroupName } }: FaultedCall): Promise<void> => {
        if (gone.includes(logGroupName)) return;
        const late = gone.at(-1);
        gone.push(logGroupName);
        if (late) await fixture.outOfBand("logs", "CreateLogGroup", { logGroupName: late });
      };
      return [{ service: "logs", operation: "DeleteLogGroup", times: null, fault: { kind: "hook", after } }];
    },
  },
  {
    name: "F11 a late writer fills the emptied bucket",
    rules: (_run, fixture) => [
      {
        service: "s3",
        operation: "DeleteBucket",
        times: 1,
        fault: {
          kind: "hook",
          before: async () => void (await fixture.s3.putObject({ Bucket: BUCKET, Key: "raw-data/late", Body: "late" })),
        },
      },
    ],
  },
  {
    name: "F11 a late writer leaves an upload in parts",
    rules: (_run, fixture) => [
      {
        service: "s3",
        operation: "DeleteBucket",
        times: 1,
        fault: {
          kind: "hook",
          before: async () => void (await fixture.s3.createMultipartUpload({ Bucket: BUCKET, Key: "raw-data/parts" })),
        },
      },
    ],
  },
];

/** A changed answer of a read: `change` edits the answer of the local AWS. */
interface ChangedAnswer {
  readonly description: string;
  readonly operation: string;
  readonly change: (output: Record<string, unknown>) => unknown;
  /** A failed resource without data is replaced. */
  readonly mayRecreate?: boolean;
}
const database = (DBInstanceStatus: string): ChangedAnswer => ({
  description: `the database is ${DBInstanceStatus}`,
  operation: "rds:DescribeDBInstances",
  change: ({ DBInstances }) => (DBInstances as object[]).map((instance) => Object.assign(instance, { DBInstanceStatus })),
});
const table = (TableStatus: string): ChangedAnswer => ({
  description: `a table is ${TableStatus}`,
  operation: "dynamodb:DescribeTable",
  change: ({ Table }) => Object.assign(Table as object, { TableStatus }),
});
const fn = (state: Readonly<Record<string, string>>): ChangedAnswer => ({
  description: `a function is ${Object.values(state).join(" ")}`,
  operation: "lambda:GetFunction",
  change: ({ Configuration }) => Object.assign(Configuration as object, state),
});
/** States that end by themselves. */
const TRANSITIONAL: readonly ChangedAnswer[] = [
  ...["creating", "backing-up", "modifying", "configuring-log-exports", "configuring-enhanced-monitoring", "rebooting"].map(database),
  ...["CREATING", "UPDATING"].map(table),
  fn({ State: "Pending", StateReasonCode: "Creating" }),
  fn({ LastUpdateStatus: "InProgress" }),
];
/** States that never end by themselves. */
const PERMANENT: readonly ChangedAnswer[] = [
  ...["failed", "incompatible-network", "incompatible-parameters", "incompatible-restore", "storage-full", "insufficient-capacity"].map(
    database,
  ),
  ...["inaccessible-encryption-credentials", "inaccessible-encryption-credentials-recoverable"].map(database),
  ...["INACCESSIBLE_ENCRYPTION_CREDENTIALS", "ARCHIVED"].map(table),
  { ...fn({ State: "Failed", StateReasonCode: "EniLimitExceeded", StateReason: "no address is free" }), mayRecreate: true },
];

export function resourceStates(): readonly Scenario[] {
  const ruleFor = ({ operation: call, change }: ChangedAnswer, times: number | null): FaultRule => {
    return { ...callOf(call), times, fault: { kind: "hook", after: (_call, output) => void change(output ?? {}) } };
  };
  const fails = (ending: RunEnd) => (errorOf(ending) === undefined ? "it reports success" : undefined);
  return [
    ...TRANSITIONAL.map((state, index) =>
      lifecycle({
        name: `F12 ${state.description} for a while`,
        during: "up",
        concurrency: 1 + (index % 8),
        rules: () => [ruleFor(state, 6)],
        expectEnd: expectSuccess,
      }),
    ),
    ...[...TRANSITIONAL, ...PERMANENT].map((state, index) =>
      lifecycle({
        name: `F12 ${state.description} for ever`,
        during: "up",
        concurrency: 1 + (index % 8),
        mayRecreate: state.mayRecreate ?? false,
        rules: () => [ruleFor(state, null)],
        expectEnd: fails,
      }),
    ),
    ...PERMANENT.map((state, index) =>
      lifecycle({
        name: `F12 ${state.description} in a finished stack`,
        during: "up",
        from: "stack",
        concurrency: 1 + (index % 8),
        mayRecreate: state.mayRecreate ?? false,
        rules: () => [ruleFor(state, null)],
        expectEnd: fails,
      }),
    ),
    ...["rds:DescribeDBInstances", "ec2:DescribeSecurityGroups"].map((call, index) =>
      lifecycle({
        name: `F12 ${call} shows deleted resources for ever`,
        during: "teardown",
        concurrency: 1 + index,
        rules: () => [{ ...callOf(call), times: null, fault: { kind: "staleRead" } }],
        expectEnd: fails,
      }),
    ),
  ];
}

/** `service:Operation` as the members of a rule. */
function callOf(call: string): Required<Pick<FaultRule, "service" | "operation">> {
  const [service = "", operation = ""] = call.split(":");
  return { service, operation };
}
