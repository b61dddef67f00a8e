import type { AliasConfiguration, FunctionConfiguration } from "@aws-sdk/client-lambda";
import { type AliasRecord, arnOf, type FunctionRecord, type Lambda, type Reference, type Revision } from "./state.ts";

/** A revision as `FunctionConfiguration`. As on AWS, lists omit the states. */
export function describe(
  lambda: Lambda,
  fn: FunctionRecord,
  revision: Revision,
  qualifier: string | undefined,
  states = true,
): FunctionConfiguration {
  const { config } = revision;
  const now = lambda.env.clock.now();
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
    RevisionId: revision.revisionId,
    ...(states ? stateOf(revision, now) : {}),
    PackageType: "Zip",
    Architectures: [config.architecture],
    EphemeralStorage: { Size: config.storageMb },
    SnapStart: { ApplyOn: "None", OptimizationStatus: "Off" },
    ...(states ? { RuntimeVersionConfig: { RuntimeVersionArn: runtimeVersionArn(fn.region) } } : {}),
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

function stateOf(revision: Revision, now: number): Partial<FunctionConfiguration> {
  const pending = now < revision.activeAt;
  const updating = now < revision.settledAt;
  return {
    State: pending ? "Pending" : "Active",
    ...(pending ? { StateReason: "The function is being created.", StateReasonCode: "Creating" } : {}),
    LastUpdateStatus: updating ? "InProgress" : "Successful",
    ...(updating && !pending
      ? { LastUpdateStatusReason: "The function is being created.", LastUpdateStatusReasonCode: "Creating" as never }
      : {}),
  };
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
