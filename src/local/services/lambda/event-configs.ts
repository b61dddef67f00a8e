import type {
  DestinationConfig,
  FunctionEventInvokeConfig,
  GetFunctionEventInvokeConfigCommandInput,
  ListFunctionEventInvokeConfigsCommandInput,
  ListFunctionEventInvokeConfigsCommandOutput,
  PutFunctionEventInvokeConfigCommandInput,
} from "@aws-sdk/client-lambda";
import type { Call, Operations, Result } from "../../core/service.ts";
import { absent, invalid } from "./faults.ts";
import { page } from "./paging.ts";
import { type Reference, reference } from "./reference.ts";
import { arnOf, documentsOf, type EventConfig, keyOf, type Lambda } from "./state.ts";
import { checkTarget } from "./validation.ts";

export function eventConfigOperations(lambda: Lambda): Operations {
  return {
    PutFunctionEventInvokeConfig: (input: PutFunctionEventInvokeConfigCommandInput, call) =>
      put(lambda, input, writable(lambda, input, call)),
    UpdateFunctionEventInvokeConfig: (input: PutFunctionEventInvokeConfigCommandInput, call) => {
      const at = writable(lambda, input, call);
      return put(lambda, input, at, existing(lambda, at));
    },
    GetFunctionEventInvokeConfig: (input: GetFunctionEventInvokeConfigCommandInput, call) => {
      const at = reference(input.FunctionName, input.Qualifier, call);
      return describe(lambda, at, existing(lambda, at));
    },
    DeleteFunctionEventInvokeConfig: (input: GetFunctionEventInvokeConfigCommandInput, call) => {
      const at = reference(input.FunctionName, input.Qualifier, call);
      existing(lambda, at);
      lambda.eventConfigs.delete(keyOf(at, qualifierOf(at)));
      return {};
    },
    ListFunctionEventInvokeConfigs: (
      input: ListFunctionEventInvokeConfigsCommandInput,
      call,
    ): Result<ListFunctionEventInvokeConfigsCommandOutput> => {
      const at = reference(input.FunctionName, undefined, call);
      if (!lambda.functions.has(keyOf(at))) throw absent("The function doesn't exist.");
      const all = documentsOf(lambda.eventConfigs, at).map(([qualifier, config]) => describe(lambda, { ...at, qualifier }, config));
      const { items, next } = page(all, input.Marker, input.MaxItems);
      return { FunctionEventInvokeConfigs: items, NextMarker: next };
    },
  };
}

/** The function, version or alias whose settings a call writes, once the call's values are checked. */
function writable(lambda: Lambda, input: PutFunctionEventInvokeConfigCommandInput, call: Call): Reference {
  if (input.MaximumRetryAttempts === undefined && input.MaximumEventAgeInSeconds === undefined && !input.DestinationConfig)
    throw invalid("You must specify at least one of error handling or destination setting.");
  const at = reference(input.FunctionName, input.Qualifier, call);
  const qualifier = qualifierOf(at);
  const exists = qualifier === "$LATEST" || [lambda.versions, lambda.aliases].some((one) => one.has(keyOf(at, qualifier)));
  if (!exists || !lambda.functions.has(keyOf(at))) throw absent("The function doesn't exist.");
  const { OnSuccess, OnFailure } = input.DestinationConfig ?? {};
  for (const arn of [OnSuccess?.Destination, OnFailure?.Destination])
    if (arn) checkDestination(lambda, at, arn, input.DestinationConfig ?? {}, call);
  return at;
}

/** Services that AWS sends records of asynchronous calls to. `checkTarget` refuses those that are not served here. */
const DESTINATIONS = /^arn:[^:]+:(sqs|sns|lambda|events|s3):/;
function checkDestination(lambda: Lambda, at: Reference, arn: string, config: DestinationConfig, call: Call): void {
  if (!DESTINATIONS.test(arn)) throw invalid(`The provided destination config ${textOf(config)} is invalid.`);
  checkTarget(arn);
  if (arn.split(":")[2] !== "lambda") return;
  const target = reference(arn, undefined, call);
  if (!lambda.functions.has(keyOf(target))) throw invalid(`The destination ARN ${arn} is invalid.`);
  if (keyOf(target) === keyOf(at)) throw invalid("You can't specify the function as a destination for itself.");
}
/** As Java prints the object in AWS's message. */
const textOf = ({ OnSuccess, OnFailure }: DestinationConfig): string =>
  `DestinationConfig(onSuccess=${part("OnSuccess", OnSuccess)}, onFailure=${part("OnFailure", OnFailure)})`;
const part = (name: string, value: { readonly Destination?: string | undefined } | undefined): string =>
  value ? `${name}(destination=${value.Destination ?? null})` : "null";

function put(
  lambda: Lambda,
  input: PutFunctionEventInvokeConfigCommandInput,
  at: Reference,
  before?: EventConfig,
): FunctionEventInvokeConfig {
  const { OnSuccess, OnFailure } = input.DestinationConfig ?? {};
  const config: EventConfig = {
    ...before,
    modified: lambda.env.clock.now(),
    ...(input.MaximumRetryAttempts === undefined ? {} : { retries: input.MaximumRetryAttempts }),
    ...(input.MaximumEventAgeInSeconds === undefined ? {} : { maxAgeSeconds: input.MaximumEventAgeInSeconds }),
    ...(OnSuccess ? { onSuccess: OnSuccess.Destination } : {}),
    ...(OnFailure ? { onFailure: OnFailure.Destination } : {}),
  };
  lambda.eventConfigs.put(keyOf(at, qualifierOf(at)), config);
  return describe(lambda, at, config);
}

function existing(lambda: Lambda, at: Reference): EventConfig {
  const config = lambda.eventConfigs.get(keyOf(at, qualifierOf(at)));
  if (!config) throw absent(`The function ${arnOf(lambda, at, qualifierOf(at))} doesn't have an EventInvokeConfig`);
  return config;
}
const qualifierOf = ({ qualifier }: Reference): string => qualifier ?? "$LATEST";

const describe = (lambda: Lambda, at: Reference, config: EventConfig): FunctionEventInvokeConfig => ({
  LastModified: new Date(config.modified),
  FunctionArn: arnOf(lambda, at, qualifierOf(at)),
  MaximumRetryAttempts: config.retries,
  MaximumEventAgeInSeconds: config.maxAgeSeconds,
  DestinationConfig: {
    OnSuccess: config.onSuccess ? { Destination: config.onSuccess } : {},
    OnFailure: config.onFailure ? { Destination: config.onFailure } : {},
  },
});
