import { randomUUID } from "node:crypto";
import { buffer } from "node:stream/consumers";
import type {
  CreateFunctionCommandInput,
  CreateFunctionCommandOutput,
  DeleteFunctionCommandInput,
  DeleteFunctionCommandOutput,
  FunctionCode,
  GetFunctionCommandInput,
  GetFunctionCommandOutput,
  GetFunctionConfigurationCommandInput,
  GetFunctionConfigurationCommandOutput,
  ListFunctionsCommandInput,
  ListFunctionsCommandOutput,
} from "@aws-sdk/client-lambda";
import { type Call, LocalFault, type Operations, type Result } from "../../core/service.ts";
import { type CodeStore, hexOf } from "./code.ts";
import { newConfig } from "./config.ts";
import { describe } from "./describe.ts";
import { conflict, invalid } from "./faults.ts";
import { page } from "./paging.ts";
import { namesVersion, type Reference, reference } from "./reference.ts";
import { assertAssumable } from "./role.ts";
import { documentsOf, keyOf, type Lambda, requireFunction, requireRevision } from "./state.ts";
import { checkTags } from "./tags.ts";
import { checkConfig, checkName } from "./validation.ts";
import { publish } from "./versions.ts";
import { checkVpc } from "./vpc.ts";

const CREATION_MS = 3_000;
/** Of a zip inside the call. One in S3 has only the limit of its unpacked size. */
const MAX_ZIP_BYTES = 52_428_800;

export interface FunctionsDeps {
  readonly lambda: Lambda;
  readonly code: CodeStore;
  /** Called after a function, or one version of it, is deleted. */
  readonly onDeleted: (region: string, name: string, version?: string) => void;
}

export function functionOperations(deps: FunctionsDeps): Operations {
  const { lambda } = deps;
  return {
    CreateFunction: (input: CreateFunctionCommandInput, call) => create(deps, input, call),
    GetFunction: (input: GetFunctionCommandInput, call): Result<GetFunctionCommandOutput> => {
      const at = reference(input.FunctionName, input.Qualifier, call);
      const fn = requireFunction(lambda, at);
      const revision = requireRevision(lambda, at);
      return {
        Configuration: describe(lambda, fn, revision, at.qualifier),
        Code: { RepositoryType: "S3", Location: `${lambda.env.endpoint()}/_aws/lambda/code/${hexOf(revision.codeSha256)}` },
        ...(Object.keys(fn.tags).length > 0 ? { Tags: { ...fn.tags } } : {}),
        ...(fn.reserved === undefined ? {} : { Concurrency: { ReservedConcurrentExecutions: fn.reserved } }),
      };
    },
    GetFunctionConfiguration: (input: GetFunctionConfigurationCommandInput, call): Result<GetFunctionConfigurationCommandOutput> => {
      const at = reference(input.FunctionName, input.Qualifier, call);
      return describe(lambda, requireFunction(lambda, at), requireRevision(lambda, at), at.qualifier);
    },
    ListFunctions: (input: ListFunctionsCommandInput, call) => list(lambda, input, call),
    DeleteFunction: (input: DeleteFunctionCommandInput, call) => remove(deps, input, call),
  };
}

async function create(
  { lambda, code }: FunctionsDeps,
  input: CreateFunctionCommandInput,
  call: Call,
): Promise<Result<CreateFunctionCommandOutput>> {
  const at = reference(input.FunctionName, undefined, call);
  checkName(at.name);
  if (input.PackageType === "Image") throw invalid("The local AWS runs functions from zips only, not from images.");
  if (input.Layers?.length) throw invalid("The local AWS has no layers.");
  checkTags(input.Tags ?? {});
  await checkVpc(lambda, input.VpcConfig, call);
  const config = newConfig(input, at.name);
  checkConfig(config);
  if (lambda.functions.has(keyOf(at))) throw alreadyExists(at.name);
  await assertAssumable(lambda, config.role);
  const stored = await code.add(await zipOf(lambda, input.Code, call));
  if (lambda.functions.has(keyOf(at))) throw alreadyExists(at.name);
  const now = lambda.env.clock.now();
  const fn = {
    name: at.name,
    region: at.region,
    latest: {
      version: "$LATEST",
      config,
      ...stored,
      revisionId: randomUUID(),
      changeId: randomUUID(),
      modified: now,
      activeAt: lambda.env.settings.realism ? now + CREATION_MS : now,
      settledAt: now,
    },
    lastVersion: 0,
    tags: input.Tags ?? {},
  };
  lambda.functions.put(keyOf(at), fn);
  if (input.Publish) {
    const { revision } = publish(lambda, at, config.description);
    // AWS names the function here, not the version.
    return describe(lambda, fn, revision, undefined, "created");
  }
  return describe(lambda, fn, fn.latest, undefined, "created");
}
const alreadyExists = (name: string): LocalFault => conflict(`Function already exist: ${name}`);

/** The zip of a create or update call: from the call, or from S3 with the caller's permissions. */
export async function zipOf(lambda: Lambda, code: FunctionCode | undefined, call: Call): Promise<Uint8Array> {
  if (code?.ZipFile) {
    if (code.ZipFile.length > MAX_ZIP_BYTES)
      throw new LocalFault("RequestEntityTooLargeException", `Zipped size must be smaller than ${MAX_ZIP_BYTES} bytes`, 413);
    return code.ZipFile;
  }
  if (!code?.S3Bucket || !code.S3Key) throw invalid("Please provide a source for function code.");
  try {
    const { Body } = await lambda.env.dispatch(
      "s3",
      "GetObject",
      { Bucket: code.S3Bucket, Key: code.S3Key, VersionId: code.S3ObjectVersion },
      { principal: call.principal, region: call.region },
    );
    return Body instanceof Uint8Array ? Body : await buffer(Body);
  } catch (error) {
    if (!(error instanceof LocalFault)) throw error;
    throw invalid(`Error occurred while GetObject. S3 Error Code: ${error.code}. S3 Error Message: ${error.message}`);
  }
}

function list(lambda: Lambda, input: ListFunctionsCommandInput, call: Call): Result<ListFunctionsCommandOutput> {
  const all = lambda.functions
    .values()
    .filter((fn) => fn.region === call.region)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((fn) => {
      const latest = describe(lambda, fn, fn.latest, input.FunctionVersion === "ALL" ? "$LATEST" : undefined, "listed");
      if (input.FunctionVersion !== "ALL") return [latest];
      return [latest, ...documentsOf(lambda.versions, fn).map(([version, revision]) => describe(lambda, fn, revision, version, "listed"))];
    });
  const { items, next } = page(all, input.Marker, input.MaxItems);
  return { Functions: items, NextMarker: next };
}

function remove({ lambda, onDeleted }: FunctionsDeps, input: DeleteFunctionCommandInput, call: Call): Result<DeleteFunctionCommandOutput> {
  const at = reference(input.FunctionName, input.Qualifier, call);
  const { qualifier, ...whole } = at;
  if (qualifier === "$LATEST") throw invalid("$LATEST version cannot be deleted without deleting the function.");
  if (qualifier !== undefined && !namesVersion(qualifier)) throw invalid("Deletion of aliases is not currently supported.");
  requireFunction(lambda, { ...whole, qualifier: undefined });
  if (qualifier !== undefined) {
    removeVersion(lambda, at, qualifier);
    onDeleted(at.region, at.name, qualifier);
    return { StatusCode: 204 };
  }
  for (const collection of [lambda.versions, lambda.aliases, lambda.policies, lambda.eventConfigs]) {
    for (const [one] of documentsOf<unknown>(collection, at)) collection.delete(keyOf(at, one));
    collection.delete(keyOf(at));
  }
  lambda.functions.delete(keyOf(at));
  onDeleted(at.region, at.name);
  return { StatusCode: 204 };
}

function removeVersion(lambda: Lambda, at: Reference, version: string): void {
  const users = documentsOf(lambda.aliases, at).filter(([, alias]) => alias.version === version || version in alias.weights);
  if (users.length > 0)
    throw conflict(`Unable to delete version because the following aliases reference it: [${users.map(([name]) => name).join(", ")}]`);
  lambda.versions.delete(keyOf(at, version));
  lambda.policies.delete(keyOf(at, version));
  lambda.eventConfigs.delete(keyOf(at, version));
}
