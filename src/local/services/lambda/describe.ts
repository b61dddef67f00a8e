import type { AliasConfiguration, FunctionConfiguration } from "@aws-sdk/client-lambda";
import type { Reference } from "./reference.ts";
import { type AliasRecord, arnOf, type FunctionRecord, type Lambda, type Revision, revisionIdOf } from "./state.ts";

/**
 * How an answer shows a revision: as it is now; in a list, where AWS omits the states; or as the answer of the call that created or updated
 * it, which AWS always gives before the change has settled.
 */
type Moment = "now" | "listed" | "created" | "updated";

/** A revision as `FunctionConfiguration`. */
export function describe(
  lambda: Lambda,
  fn: FunctionRecord,
  revision: Revision,
  qualifier: string | undefined,
  moment: Moment = "now",
): FunctionConfiguration {
  const { config } = revision;
  const now = lambda.env.clock.now();
  const fresh = moment === "created" || moment === "updated";
  return {
    FunctionName: fn.name,
    FunctionArn: arnOf(lambda, fn, qualifier),
    Runtime: config.runtime as never,
    Role: config.role,
    Handler: config.handler,
    CodeSize: revision.codeSize,
    Description: config.description,
    Timeout: config.timeout,
    MemorySize: config.memoryMb,
    LastModified: new Date(revision.modified).toISOString().replace("Z", "+0000"),
    CodeSha256: revision.codeSha256,
    Version: revision.version,
    ...optional(config),
    TracingConfig: { Mode: config.tracing },
    RevisionId: (fresh ? revision.changeId : undefined) ?? revisionIdOf(revision, now),
    ...stateOf(revision, moment, now),
    PackageType: "Zip",
    Architectures: [config.architecture],
    EphemeralStorage: { Size: config.storageMb },
    SnapStart: { ApplyOn: "None", OptimizationStatus: "Off" },
    ...(moment !== "listed" ? { RuntimeVersionConfig: { RuntimeVersionArn: runtimeVersionArn(fn.region) } } : {}),
    LoggingConfig: loggingOf(config),
  };
}

function optional(config: Revision["config"]): Partial<FunctionConfiguration> {
  return {
    VpcConfig: config.vpc,
    ...(config.deadLetterArn ? { DeadLetterConfig: { TargetArn: config.deadLetterArn } } : {}),
    ...(config.environment ? { Environment: { Variables: { ...config.environment } } } : {}),
    ...(config.kmsKeyArn ? { KMSKeyArn: config.kmsKeyArn } : {}),
  };
}

function loggingOf(config: Revision["config"]): NonNullable<FunctionConfiguration["LoggingConfig"]> {
  return {
    LogFormat: config.logFormat,
    ...(config.applicationLogLevel ? { ApplicationLogLevel: config.applicationLogLevel as never } : {}),
    ...(config.systemLogLevel ? { SystemLogLevel: config.systemLogLevel as never } : {}),
    LogGroup: config.logGroup,
  };
}

const IN_PROGRESS = "The function is being created.";
/** As recorded, the state Pending comes without `LastUpdateStatus`, and an update in progress says "created", too. */
const CREATING: Partial<FunctionConfiguration> = { State: "Pending", StateReason: IN_PROGRESS, StateReasonCode: "Creating" };
const UPDATING: Partial<FunctionConfiguration> = {
  State: "Active",
  LastUpdateStatus: "InProgress",
  LastUpdateStatusReason: IN_PROGRESS,
  // The SDK's type lacks this code.
  LastUpdateStatusReasonCode: "Creating" as never,
};
function stateOf(revision: Revision, moment: Moment, now: number): Partial<FunctionConfiguration> {
  if (moment === "listed") return {};
  if (moment === "created" || now < revision.activeAt) return CREATING;
  if (moment === "updated" || now < revision.settledAt) return UPDATING;
  return { State: "Active", LastUpdateStatus: "Successful" };
}

export const runtimeVersionArn = (region: string): string =>
  `arn:aws:lambda:${region}::runtime:0000000000000000000000000000000000000000000000000000000000000000`;

export function describeAlias(lambda: Lambda, at: Reference, alias: AliasRecord): AliasConfiguration {
  return {
    AliasArn: arnOf(lambda, at, alias.name),
    Name: alias.name,
    FunctionVersion: alias.version,
    Description: alias.description,
    ...(Object.keys(alias.weights).length > 0 ? { RoutingConfig: { AdditionalVersionWeights: { ...alias.weights } } } : {}),
    RevisionId: alias.revisionId,
  };
}
