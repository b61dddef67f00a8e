import { randomUUID } from "node:crypto";
import type {
  AliasRoutingConfiguration,
  CreateAliasCommandInput,
  CreateAliasCommandOutput,
  DeleteAliasCommandInput,
  GetAliasCommandInput,
  GetAliasCommandOutput,
  ListAliasesCommandInput,
  ListAliasesCommandOutput,
  UpdateAliasCommandInput,
  UpdateAliasCommandOutput,
} from "@aws-sdk/client-lambda";
import { LocalFault, type Operations, type Result } from "../../core/service.ts";
import { describeAlias } from "./describe.ts";
import { page } from "./paging.ts";
import {
  type AliasRecord,
  arnOf,
  assertRevision,
  documentsOf,
  functionAt,
  keyOf,
  type Lambda,
  notFound,
  type Reference,
  reference,
} from "./state.ts";
import { invalid } from "./validation.ts";

export const aliasOperations = (lambda: Lambda): Operations => ({ ...readingOperations(lambda), ...writingOperations(lambda) });

function writingOperations(lambda: Lambda): Operations {
  return {
    CreateAlias: (input: CreateAliasCommandInput, call): Result<CreateAliasCommandOutput> => {
      const at = reference(input.FunctionName, undefined, call);
      functionAt(lambda, at);
      const name = checkedName(input.Name);
      if (lambda.aliases.has(keyOf(at, name)))
        throw new LocalFault("ResourceConflictException", `Alias already exists: ${arnOf(lambda, at, name)}`);
      return store(lambda, at, {
        name,
        version: input.FunctionVersion ?? "",
        description: input.Description ?? "",
        weights: weightsOf(input.RoutingConfig),
        revisionId: "",
      });
    },
    UpdateAlias: (input: UpdateAliasCommandInput, call): Result<UpdateAliasCommandOutput> => {
      const at = reference(input.FunctionName, undefined, call);
      const alias = aliasAt(lambda, at, input.Name);
      assertRevision(input.RevisionId, alias.revisionId, "GetAlias");
      return store(lambda, at, {
        ...alias,
        version: input.FunctionVersion ?? alias.version,
        description: input.Description ?? alias.description,
        weights: input.RoutingConfig ? weightsOf(input.RoutingConfig) : alias.weights,
      });
    },
    DeleteAlias: (input: DeleteAliasCommandInput, call) => {
      const at = reference(input.FunctionName, undefined, call);
      functionAt(lambda, at);
      const key = keyOf(at, input.Name);
      for (const collection of [lambda.aliases, lambda.policies, lambda.eventConfigs]) collection.delete(key);
      return {};
    },
  };
}

function readingOperations(lambda: Lambda): Operations {
  return {
    GetAlias: (input: GetAliasCommandInput, call): Result<GetAliasCommandOutput> => {
      const at = reference(input.FunctionName, undefined, call);
      return describeAlias(lambda, at, aliasAt(lambda, at, input.Name));
    },
    ListAliases: (input: ListAliasesCommandInput, call): Result<ListAliasesCommandOutput> => {
      const at = reference(input.FunctionName, undefined, call);
      functionAt(lambda, at);
      const all = documentsOf(lambda.aliases, at)
        .map(([, alias]) => alias)
        .filter((alias) => !input.FunctionVersion || alias.version === input.FunctionVersion)
        .sort((a, b) => (a.name < b.name ? -1 : 1));
      const { items, next } = page(all, input.Marker, input.MaxItems);
      return { Aliases: items.map((alias) => describeAlias(lambda, at, alias)), NextMarker: next };
    },
  };
}

function store(lambda: Lambda, at: Reference, alias: AliasRecord): Result<CreateAliasCommandOutput> {
  for (const version of [alias.version, ...Object.keys(alias.weights)]) {
    const known = version === "$LATEST" || lambda.versions.has(keyOf(at, version));
    if (!known) throw notFound(lambda, { ...at, qualifier: version });
  }
  if (Object.keys(alias.weights).length > 0 && alias.version === "$LATEST")
    throw invalid("$LATEST is not supported for an alias pointing to more than 1 version");
  if (alias.version in alias.weights)
    throw invalid(
      `Invalid function version ${alias.version}. Function version ${alias.version} is already included in routing configuration.`,
    );
  const stored = { ...alias, revisionId: randomUUID() };
  lambda.aliases.put(keyOf(at, alias.name), stored);
  return describeAlias(lambda, at, stored);
}

function aliasAt(lambda: Lambda, at: Reference, name: string | undefined): AliasRecord {
  const found = lambda.aliases.get(keyOf(at, name ?? ""));
  if (!found)
    throw new LocalFault("ResourceNotFoundException", `Cannot find alias arn: ${arnOf(lambda, at, name)}`, undefined, { Type: "User" });
  return found;
}

function checkedName(name: string | undefined): string {
  if (/^(?!^[0-9]+$)[a-zA-Z0-9_-]{1,128}$/.test(name ?? "")) return name as string;
  throw new LocalFault(
    "ValidationException",
    `1 validation error detected: Value '${name}' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)`,
    400,
  );
}

function weightsOf(routing: AliasRoutingConfiguration | undefined): Readonly<Record<string, number>> {
  const weights = routing?.AdditionalVersionWeights ?? {};
  if (Object.keys(weights).length > 1) throw invalid("Number of items in AdditionalVersionWeights cannot be greater than 1");
  if (Object.values(weights).some((weight) => weight < 0 || weight > 1)) throw invalid("Weights must be between 0.0 and 1.0");
  return weights;
}
