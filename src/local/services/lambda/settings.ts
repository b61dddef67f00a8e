import type {
  GetAccountSettingsCommandOutput,
  GetFunctionCodeSigningConfigCommandInput,
  GetFunctionConcurrencyCommandInput,
  GetRuntimeManagementConfigCommandInput,
  PutFunctionConcurrencyCommandInput,
} from "@aws-sdk/client-lambda";
import { type Call, LocalFault, type Operations } from "../../core/service.ts";
import { describe, runtimeVersionArn } from "./describe.ts";
import { invalid } from "./faults.ts";
import { reference } from "./reference.ts";
import { documentsOf, keyOf, type Lambda, notFound, requireFunction, requireRevision } from "./state.ts";

export const ACCOUNT_CONCURRENCY = 1_000;
const UNRESERVED_MINIMUM = 100;

export function settingOperations(lambda: Lambda): Operations {
  return { ...concurrencyOperations(lambda), ...fixedOperations(lambda) };
}

function concurrencyOperations(lambda: Lambda): Operations {
  return {
    PutFunctionConcurrency: (input: PutFunctionConcurrencyCommandInput, call) => {
      const at = reference(input.FunctionName, undefined, call);
      if (at.qualifier !== undefined)
        throw invalid(
          "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.",
        );
      const fn = lambda.functions.get(keyOf(at));
      if (!fn) throw notFound(lambda, { ...at, qualifier: "$LATEST" });
      const reserved = input.ReservedConcurrentExecutions ?? 0;
      const others = reservedIn(lambda, call) - (fn.reserved ?? 0);
      // As recorded, this one error has no `Type`.
      if (ACCOUNT_CONCURRENCY - others - reserved < UNRESERVED_MINIMUM)
        throw new LocalFault(
          "InvalidParameterValueException",
          `Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [${UNRESERVED_MINIMUM}].`,
        );
      lambda.functions.put(keyOf(at), { ...fn, reserved });
      return { ReservedConcurrentExecutions: reserved };
    },
    GetFunctionConcurrency: (input: GetFunctionConcurrencyCommandInput, call) => {
      const { reserved } = requireFunction(lambda, reference(input.FunctionName, undefined, call));
      return reserved === undefined ? {} : { ReservedConcurrentExecutions: reserved };
    },
    DeleteFunctionConcurrency: (input: GetFunctionConcurrencyCommandInput, call) => {
      const at = reference(input.FunctionName, undefined, call);
      const { reserved: _dropped, ...rest } = requireFunction(lambda, at);
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

/** Operations with fixed results, because there is no code signing, event source mapping or layer. */
function fixedOperations(lambda: Lambda): Operations {
  return {
    GetFunctionCodeSigningConfig: (input: GetFunctionCodeSigningConfigCommandInput, call) => ({
      FunctionName: requireFunction(lambda, reference(input.FunctionName, undefined, call)).name,
    }),
    GetRuntimeManagementConfig: (input: GetRuntimeManagementConfigCommandInput, call) => {
      const at = reference(input.FunctionName, input.Qualifier, call);
      const { FunctionArn } = describe(lambda, requireFunction(lambda, at), requireRevision(lambda, at), at.qualifier);
      return { UpdateRuntimeOn: "Auto", FunctionArn, RuntimeVersionArn: runtimeVersionArn(at.region) };
    },
    ListEventSourceMappings: () => ({ EventSourceMappings: [] }),
    ListLayers: () => ({ Layers: [] }),
  };
}
