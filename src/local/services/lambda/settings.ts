import type {
  FunctionEventInvokeConfig,
  GetAccountSettingsCommandOutput,
  GetFunctionCodeSigningConfigCommandInput,
  GetFunctionConcurrencyCommandInput,
  GetFunctionEventInvokeConfigCommandInput,
  GetRuntimeManagementConfigCommandInput,
  ListFunctionEventInvokeConfigsCommandInput,
  ListTagsCommandInput,
  PutFunctionConcurrencyCommandInput,
  PutFunctionEventInvokeConfigCommandInput,
  TagResourceCommandInput,
  UntagResourceCommandInput,
} from "@aws-sdk/client-lambda";
import { type Call, LocalFault, type Operations } from "../../core/service.ts";
import { describe, runtimeVersionArn } from "./describe.ts";
import { arnOf, documentsOf, type EventConfig, functionAt, keyOf, type Lambda, type Reference, reference, revisionAt } from "./state.ts";
import { checkTarget, invalid } from "./validation.ts";

export const ACCOUNT_CONCURRENCY = 1_000;
const UNRESERVED_MINIMUM = 100;

export function settingOperations(lambda: Lambda): Operations {
  return { ...concurrencyOperations(lambda), ...tagOperations(lambda), ...eventConfigOperations(lambda), ...fixedOperations(lambda) };
}

function concurrencyOperations(lambda: Lambda): Operations {
  return {
    PutFunctionConcurrency: (input: PutFunctionConcurrencyCommandInput, call) => {
      const at = reference(input.FunctionName, undefined, call);
      if (at.qualifier !== undefined)
        throw invalid(
          "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.",
        );
      const fn = functionAt(lambda, at);
      const reserved = input.ReservedConcurrentExecutions as number;
      const others = reservedIn(lambda, call) - (fn.reserved ?? 0);
      if (reserved < 0 || ACCOUNT_CONCURRENCY - others - reserved < UNRESERVED_MINIMUM)
        throw invalid(
          `Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [${UNRESERVED_MINIMUM}].`,
        );
      lambda.functions.put(keyOf(at), { ...fn, reserved });
      return { ReservedConcurrentExecutions: reserved };
    },
    GetFunctionConcurrency: (input: GetFunctionConcurrencyCommandInput, call) => {
      const { reserved } = functionAt(lambda, reference(input.FunctionName, undefined, call));
      return reserved === undefined ? {} : { ReservedConcurrentExecutions: reserved };
    },
    DeleteFunctionConcurrency: (input: GetFunctionConcurrencyCommandInput, call) => {
      const at = reference(input.FunctionName, undefined, call);
      const { reserved: _dropped, ...rest } = functionAt(lambda, at);
      lambda.functions.put(keyOf(at), rest);
      return {};
    },
    GetAccountSettings: (_input: object, call) => accountSettings(lambda, call),
  };
}
const inRegion = (lambda: Lambda, call: Call) => lambda.functions.values().filter((fn) => fn.region === call.region);
const reservedIn = (lambda: Lambda, call: Call): number => inRegion(lambda, call).reduce((sum, fn) => sum + (fn.reserved ?? 0), 0);

function accountSettings(lambda: Lambda, call: Call): Omit<GetAccountSettingsCommandOutput, "$metadata"> {
  const functions = inRegion(lambda, call);
  const sizes = functions
    .flatMap((fn) => [fn.latest, ...documentsOf(lambda.versions, fn).map(([, revision]) => revision)])
    .map((r) => r.codeSize);
  return {
    AccountLimit: {
      TotalCodeSize: 80_530_636_800,
      CodeSizeUnzipped: 262_144_000,
      CodeSizeZipped: 52_428_800,
      ConcurrentExecutions: ACCOUNT_CONCURRENCY,
      UnreservedConcurrentExecutions: ACCOUNT_CONCURRENCY - reservedIn(lambda, call),
    },
    AccountUsage: { TotalCodeSize: sizes.reduce((a, b) => a + b, 0), FunctionCount: functions.length },
  };
}

function tagOperations(lambda: Lambda): Operations {
  return {
    TagResource: (input: TagResourceCommandInput, call) => {
      const at = reference(input.Resource, undefined, call);
      if (at.qualifier !== undefined)
        throw invalid("Tags on function aliases and versions are not supported. Please specify a function ARN.");
      const fn = functionAt(lambda, at);
      const tags = { ...fn.tags, ...input.Tags };
      if (Object.keys(input.Tags ?? {}).some((key) => key.startsWith("aws:")))
        throw invalid("Tag keys that start with 'aws:' are reserved for system use.");
      if (Object.keys(tags).length > 50) throw invalid("The maximum number of tags for a function is 50.");
      lambda.functions.put(keyOf(at), { ...fn, tags });
      return {};
    },
    UntagResource: (input: UntagResourceCommandInput, call) => {
      const at = reference(input.Resource, undefined, call);
      const fn = functionAt(lambda, at);
      const tags = Object.fromEntries(Object.entries(fn.tags).filter(([key]) => !input.TagKeys?.includes(key)));
      lambda.functions.put(keyOf(at), { ...fn, tags });
      return {};
    },
    ListTags: (input: ListTagsCommandInput, call) => ({ Tags: { ...functionAt(lambda, reference(input.Resource, undefined, call)).tags } }),
  };
}

function eventConfigOperations(lambda: Lambda): Operations {
  return {
    PutFunctionEventInvokeConfig: (input: PutFunctionEventInvokeConfigCommandInput, call) => putEventConfig(lambda, input, call),
    UpdateFunctionEventInvokeConfig: (input: PutFunctionEventInvokeConfigCommandInput, call) =>
      putEventConfig(lambda, input, call, eventConfigAt(lambda, input, call).config),
    GetFunctionEventInvokeConfig: (input: GetFunctionEventInvokeConfigCommandInput, call) => {
      const { at, config } = eventConfigAt(lambda, input, call);
      return describeEventConfig(lambda, at, config);
    },
    DeleteFunctionEventInvokeConfig: (input: GetFunctionEventInvokeConfigCommandInput, call) => {
      const { at } = eventConfigAt(lambda, input, call);
      lambda.eventConfigs.delete(keyOf(at, at.qualifier ?? "$LATEST"));
      return {};
    },
    ListFunctionEventInvokeConfigs: (input: ListFunctionEventInvokeConfigsCommandInput, call) => {
      const at = reference(input.FunctionName, undefined, call);
      functionAt(lambda, at);
      const all = documentsOf(lambda.eventConfigs, at);
      return { FunctionEventInvokeConfigs: all.map(([qualifier, config]) => describeEventConfig(lambda, { ...at, qualifier }, config)) };
    },
  };
}

function putEventConfig(
  lambda: Lambda,
  input: PutFunctionEventInvokeConfigCommandInput,
  call: Call,
  before?: EventConfig,
): FunctionEventInvokeConfig {
  const at = reference(input.FunctionName, input.Qualifier, call);
  revisionAt(lambda, at);
  checkTarget(input.DestinationConfig?.OnSuccess?.Destination);
  checkTarget(input.DestinationConfig?.OnFailure?.Destination);
  const config: EventConfig = {
    ...before,
    modified: lambda.env.clock.now(),
    ...(input.MaximumRetryAttempts === undefined ? {} : { retries: input.MaximumRetryAttempts }),
    ...(input.MaximumEventAgeInSeconds === undefined ? {} : { maxAgeSeconds: input.MaximumEventAgeInSeconds }),
    ...(input.DestinationConfig?.OnSuccess ? { onSuccess: input.DestinationConfig.OnSuccess.Destination } : {}),
    ...(input.DestinationConfig?.OnFailure ? { onFailure: input.DestinationConfig.OnFailure.Destination } : {}),
  };
  lambda.eventConfigs.put(keyOf(at, at.qualifier ?? "$LATEST"), config);
  return describeEventConfig(lambda, at, config);
}

function eventConfigAt(
  lambda: Lambda,
  input: GetFunctionEventInvokeConfigCommandInput,
  call: Call,
): { readonly at: Reference; readonly config: EventConfig } {
  const at = reference(input.FunctionName, input.Qualifier, call);
  const config = lambda.eventConfigs.get(keyOf(at, at.qualifier ?? "$LATEST"));
  const arn = arnOf(lambda, at, at.qualifier ?? "$LATEST");
  if (!config) throw new LocalFault("ResourceNotFoundException", `The function ${arn} doesn't have an EventInvokeConfig`);
  return { at, config };
}

const describeEventConfig = (lambda: Lambda, at: Reference, config: EventConfig): FunctionEventInvokeConfig => ({
  LastModified: new Date(config.modified),
  FunctionArn: arnOf(lambda, at, at.qualifier ?? "$LATEST"),
  MaximumRetryAttempts: config.retries,
  MaximumEventAgeInSeconds: config.maxAgeSeconds,
  DestinationConfig: {
    OnSuccess: config.onSuccess ? { Destination: config.onSuccess } : {},
    OnFailure: config.onFailure ? { Destination: config.onFailure } : {},
  },
});

/** Operations with fixed results, because there is no code signing, event source mapping or layer. */
function fixedOperations(lambda: Lambda): Operations {
  return {
    GetFunctionCodeSigningConfig: (input: GetFunctionCodeSigningConfigCommandInput, call) => ({
      FunctionName: functionAt(lambda, reference(input.FunctionName, undefined, call)).name,
    }),
    GetRuntimeManagementConfig: (input: GetRuntimeManagementConfigCommandInput, call) => {
      const at = reference(input.FunctionName, input.Qualifier, call);
      const { FunctionArn } = describe(lambda, functionAt(lambda, at), revisionAt(lambda, at), at.qualifier);
      return { UpdateRuntimeOn: "Auto", FunctionArn, RuntimeVersionArn: runtimeVersionArn(at.region) };
    },
    ListEventSourceMappings: () => ({ EventSourceMappings: [] }),
    ListLayers: () => ({ Layers: [] }),
  };
}
