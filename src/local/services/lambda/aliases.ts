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
import { absent, conflict, invalid } from "./faults.ts";
import { page } from "./paging.ts";
import { type Reference, reference } from "./reference.ts";
import {
  type AliasRecord,
  arnOf,
  assertRevision,
  documentsOf,
  keyOf,
  type Lambda,
  notFound,
  requireAlias,
  requireFunction,
} from "./state.ts";

export const aliasOperations = (lambda: Lambda): Operations => ({ ...readingOperations(lambda), ...writingOperations(lambda) });

function writingOperations(lambda: Lambda): Operations {
  return {
    CreateAlias: (input: CreateAliasCommandInput, call): Result<CreateAliasCommandOutput> => {
      const at = reference(input.FunctionName, undefined, call);
      requireFunction(lambda, { ...at, qualifier: input.FunctionVersion });
      const name = input.Name ?? "";
      if (lambda.aliases.has(keyOf(at, name))) throw conflict(`Alias already exists: ${arnOf(lambda, at, name)}`);
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
      const alias = lambda.aliases.get(keyOf(at, input.Name));
      if (!alias) throw absent(`Alias not found: ${arnOf(lambda, at, input.Name)}`);
      assertRevision(input.RevisionId, alias.revisionId);
      return store(lambda, at, {
        ...alias,
        version: input.FunctionVersion ?? alias.version,
        description: input.Description ?? alias.description,
        weights: input.RoutingConfig ? weightsOf(input.RoutingConfig) : alias.weights,
      });
    },
    DeleteAlias: (input: DeleteAliasCommandInput, call) => {
      const at = reference(input.FunctionName, undefined, call);
      requireFunction(lambda, at);
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
      return describeAlias(lambda, at, requireAlias(lambda, at, input.Name ?? ""));
    },
    ListAliases: (input: ListAliasesCommandInput, call): Result<ListAliasesCommandOutput> => {
      const at = reference(input.FunctionName, undefined, call);
      requireFunction(lambda, at);
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
  const others = Object.keys(alias.weights);
  if (others.length > 1) throw invalid("Number of items in AdditionalVersionWeights cannot be greater than 1");
  // As recorded, this one error has no `Type`.
  if (others.length > 0 && alias.version === "$LATEST")
    throw new LocalFault("InvalidParameterValueException", "$LATEST is not supported for an alias pointing to more than 1 version");
  if (others.includes(alias.version))
    throw invalid(
      `Invalid function version ${alias.version}. Function version ${alias.version} is already included in routing configuration.`,
    );
  for (const version of [alias.version, ...others]) {
    const known = version === "$LATEST" || lambda.versions.has(keyOf(at, version));
    if (!known) throw notFound(lambda, { ...at, qualifier: version });
  }
  const stored = { ...alias, revisionId: randomUUID() };
  lambda.aliases.put(keyOf(at, alias.name), stored);
  return describeAlias(lambda, at, stored);
}

const weightsOf = (routing: AliasRoutingConfiguration | undefined): Readonly<Record<string, number>> =>
  routing?.AdditionalVersionWeights ?? {};
