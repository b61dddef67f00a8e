import type { IAM } from "@aws-sdk/client-iam";
import type { CreateFunctionCommandInput, FunctionConfiguration, GetFunctionResponse, Lambda } from "@aws-sdk/client-lambda";
import { changedTags, differences, touches } from "../../aws/changes.ts";
import type { AwsClients } from "../../aws/clients.ts";
import { orAbsent } from "../../aws/faults.ts";
import { mayBeOurs } from "../../aws/ownership.ts";
import { policyForm } from "../../aws/policies.ts";
import type { AwsLocation, Change, Observation, ResourceKind } from "../../engine/contract.ts";
import { FleetlogixError } from "../../errors.ts";
import { grantOf, readGrant, writeGrant } from "./key-grant.ts";
import { type OtherStatement, otherNote, otherStatementsOf, stoppedNote } from "./statements.ts";

export interface FunctionId {
  readonly name: string;
}
export interface FunctionSpec {
  readonly description: string;
  readonly roleArn: string;
  /** AWS's unique id of the role; null: the role is made in this run. undefined: it is not compared. */
  readonly roleId?: string | null | undefined;
  readonly runtime: "nodejs24.x";
  readonly architecture: "arm64" | "x86_64";
  readonly handler: string;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly logGroup: string;
  /** ARN of a customer key for the environment; undefined: AWS's own. */
  readonly kmsKey?: string | undefined;
  /** The name that callers use; it points to the newest published version. */
  readonly alias: string;
  /** base64 of sha256(zip), as AWS reports it. undefined: nothing was bundled, what is deployed stays. */
  readonly code: { readonly zip: Uint8Array; readonly sha256: string } | undefined;
}
interface FunctionLive {
  readonly name: string;
  readonly arn: string;
  readonly state: string;
  /** Why the last update failed: the old code goes on serving. */
  readonly updateFailed: string | undefined;
  readonly latest: Settings;
  /** By which its role may use keys, in normal form. */
  readonly keyGrant: unknown;
  readonly alias: { readonly arn: string; readonly version: string; readonly weights: Weights; readonly settings: Settings } | undefined;
  /** Unique id of the role that the function was last given: a role of the same name that was made anew has another. */
  readonly roleId: string | undefined;
  /** Reserved concurrency 0: the console's "Throttle". */
  readonly stopped: boolean;
  /** Statements in the policies of function and alias that are none of ours. */
  readonly otherStatements: readonly OtherStatement[];
  /** Published, named by no alias, and more than are kept to go back to. */
  readonly oldVersions: readonly string[];
}
/** Share of the calls that go to another version. */
type Weights = Readonly<Record<string, number>>;
/** What a version is made of. */
interface Settings {
  readonly code: string | undefined;
  readonly configuration: Configuration;
}
type Configuration = Readonly<Record<keyof ReturnType<typeof configurationOf>, unknown>>;
export interface FunctionOutputs {
  readonly name: string;
  readonly arn: string;
  readonly aliasArn: string;
  /** The version that the alias names; null before the first is published. */
  readonly version: string | null;
}

const GONE = ["ResourceNotFoundException"];
const LATEST = "$LATEST";
/** Older versions than these are removed: all versions of all functions share 75 GB a region. */
const KEPT_VERSIONS = 5;
const ALIAS = "live";
/** The role that a function was last given, by its unique id: the ARN of a role that was deleted and made again stays the same. */
const ROLE_TAG = "fleetlogix:role";

export const lambdaFunction: ResourceKind<FunctionId, FunctionSpec, FunctionLive, FunctionOutputs, AwsClients> = {
  kind: "lambda.function",
  holdsData: false,
  settle: { timeoutMs: 300_000, pollMs: 500 },
  notFound: { provenBy: "lambda:GetFunction", codes: GONE },

  access: {
    on: (id, place) => [arnOf(id.name, place), `${arnOf(id.name, place)}:*`],
    read: ["GetFunction", "GetFunctionConfiguration", "GetPolicy", "ListAliases", "ListVersionsByFunction"].map((a) => `lambda:${a}`),
    write: [
      ...["CreateAlias", "CreateFunction", "DeleteFunction", "PublishVersion", "TagResource", "UpdateAlias"].map((a) => `lambda:${a}`),
      ...["UpdateFunctionCode", "UpdateFunctionConfiguration"].map((a) => `lambda:${a}`),
    ],
    delete: ["lambda:DeleteFunction"],
    everywhere: { read: ["lambda:ListFunctions"] },
  },
  label: ({ name }) => name,
  diff(spec, live) {
    const code = spec.code?.sha256 ?? live.latest.code;
    const configuration = configurationOf(spec);
    return [
      ...differences({ code: [live.latest.code, code] }),
      ...Object.entries(configuration).flatMap(([path, to]) =>
        differences({ [path]: [live.latest.configuration[path as keyof Configuration], to] }),
      ),
      ...roleChange(spec, live),
      ...differences({ keyGrant: [live.keyGrant, spec.kmsKey && policyForm(grantOf([spec.kmsKey]))] }),
      ...differences({ lastUpdate: [live.updateFailed ?? "successful", "successful"] }),
      ...publication(live, { code, configuration }),
      ...differences({ oldVersions: [live.oldVersions, []] }),
    ];
  },
  outputs: (live) => ({ name: live.name, arn: live.arn, aliasArn: `${live.arn}:${ALIAS}`, version: live.alias?.version ?? null }),
  predict({ name }, place) {
    const arn = arnOf(name, place);
    return { name, arn, aliasArn: `${arn}:${ALIAS}`, version: null };
  },
  notes: (_spec, live) =>
    live ? [...(live.stopped ? [stoppedNote(live.name)] : []), ...live.otherStatements.map((s) => otherNote(live.name, s))] : [],
  describe: (live) => ({ arn: live.arn, state: live.state, ...(live.stopped && { trouble: stoppedNote(live.name) }) }),

  async read({ name: FunctionName }, ctx) {
    const lambda = await ctx.world.lambda();
    return observe(lambda, await ctx.world.iam(), FunctionName, await lambda.getFunction({ FunctionName }));
  },
  async create({ name }, spec, ctx) {
    const lambda = await ctx.world.lambda();
    if (!spec.code) throw nothingBundled(name);
    const { Architectures, ...configuration } = creation(spec);
    if (spec.kmsKey) await writeGrant(await ctx.world.iam(), spec.roleArn, [spec.kmsKey]);
    await lambda.createFunction({
      FunctionName: name,
      PackageType: "Zip",
      Code: { ZipFile: spec.code.zip },
      Architectures,
      ...configuration,
      Tags: { ...ctx.tags, ...(spec.roleId && { [ROLE_TAG]: spec.roleId }) },
    });
  },
  /** Lambda takes no change while another is under way: as far as it goes at once, code, then settings, then the alias. */
  async update({ name: FunctionName }, spec, live, changes, ctx) {
    const lambda = await ctx.world.lambda();
    const keys = keysInUse(spec, live);
    if (
      touches(changes, "keyGrant") &&
      differences({ keys: [live.keyGrant, keys.length > 0 ? policyForm(grantOf(keys)) : undefined] }).length > 0
    )
      await writeGrant(await ctx.world.iam(), spec.roleArn, keys);
    const tags = changedTags(changes);
    if (tags) await lambda.tagResource({ Resource: live.arn, Tags: tags });
    if (touches(changes, "code", "architecture") && spec.code) {
      const { zip: ZipFile } = spec.code;
      const updated = await lambda.updateFunctionCode({ FunctionName, ZipFile, Architectures: [spec.architecture] });
      if (updated.LastUpdateStatus === "InProgress") return;
    }
    const settings = changedSettings(spec, changes);
    if (settings) {
      const updated = await lambda.updateFunctionConfiguration({ FunctionName, ...settings });
      if (touches(changes, "roleId") && spec.roleId) await lambda.tagResource({ Resource: live.arn, Tags: { [ROLE_TAG]: spec.roleId } });
      if (updated.LastUpdateStatus === "InProgress") return;
    }
    if (touches(changes, "published")) await publish(lambda, FunctionName, spec, live);
    if (touches(changes, "oldVersions"))
      for (const Qualifier of live.oldVersions) await orAbsent(lambda.deleteFunction({ FunctionName, Qualifier }), ...GONE);
  },
  async delete({ name: FunctionName }, _live, _how, ctx) {
    await (await ctx.world.lambda()).deleteFunction({ FunctionName });
  },
  async candidates(ctx) {
    const names: string[] = [];
    for await (const { Functions = [] } of (await ctx.world.lambda()).paginateListFunctions({}))
      names.push(...Functions.map((f) => f.FunctionName).filter(mayBeOurs));
    return names.map((name) => ({ name }));
  },
};

/** The role's ARN is the same as before when it was deleted and made again; its unique id is not. */
function roleChange({ roleId }: FunctionSpec, live: FunctionLive): readonly Change[] {
  if (roleId === undefined || (roleId === null && live.roleId === undefined)) return [];
  return differences({ roleId: [live.roleId, roleId ?? "that of the role that is made anew"] });
}
/**
 * A new version is due when the alias names none, or one that lacks something that is wished for and deployed already.
 * What is not deployed yet comes first; the description changes nothing for callers.
 */
function publication({ alias, latest }: FunctionLive, wanted: Settings): readonly Change[] {
  const to = "what is deployed";
  if (!alias) return [{ path: "published", from: undefined, to }];
  const weighted = Object.entries(alias.weights);
  const from = [`version ${alias.version}`, ...weighted.map(([version, share]) => `${share * 100} % version ${version}`)].join(", ");
  // Callers get one published version: `$LATEST` would serve half a deployment, and weights serve two.
  if (alias.version === LATEST || weighted.length > 0) return [{ path: "published", from, to }];
  const parts = ({ code, configuration: { description, ...rest } }: Settings): Readonly<Record<string, unknown>> => ({ code, ...rest });
  const [there, next, wish] = [parts(alias.settings), parts(latest), parts(wanted)];
  const due = Object.keys(wish).some((key) => !means(there[key], wish[key]) && !means(there[key], next[key]));
  return due ? [{ path: "published", from, to }] : [];
}
const means = (a: unknown, b: unknown) => differences({ it: [a, b] }).length === 0;
/** PublishVersion makes no second version of the same content: a publication that was cut short is picked up. */
async function publish(lambda: Lambda, FunctionName: string, spec: FunctionSpec, live: FunctionLive): Promise<void> {
  const CodeSha256 = spec.code?.sha256 ?? live.latest.code;
  const { Version: FunctionVersion } = await lambda.publishVersion({ FunctionName, CodeSha256 });
  const RoutingConfig = { AdditionalVersionWeights: {} };
  if (live.alias) await lambda.updateAlias({ FunctionName, Name: spec.alias, FunctionVersion, RoutingConfig });
  else await lambda.createAlias({ FunctionName, Name: spec.alias, FunctionVersion });
}

/** What of a specification and of AWS's answer is compared, under the same names. */
const configurationOf = (spec: FunctionSpec) => ({
  description: spec.description,
  role: spec.roleArn,
  runtime: spec.runtime as string,
  architecture: spec.architecture as string,
  handler: spec.handler,
  memoryMb: spec.memoryMb,
  timeoutSeconds: spec.timeoutSeconds,
  environment: spec.environment,
  tracing: "Active",
  logging: { LogFormat: "JSON", ApplicationLogLevel: "INFO", SystemLogLevel: "WARN", LogGroup: spec.logGroup },
  layers: [] as readonly string[],
  kmsKey: spec.kmsKey,
});
const INPUTS = {
  description: "Description",
  role: "Role",
  runtime: "Runtime",
  architecture: "Architectures",
  handler: "Handler",
  memoryMb: "MemorySize",
  timeoutSeconds: "Timeout",
  environment: "Environment",
  tracing: "TracingConfig",
  logging: "LoggingConfig",
  layers: "Layers",
  kmsKey: "KMSKeyArn",
} as const satisfies Record<keyof Configuration, keyof CreateFunctionCommandInput>;
/** A new key encrypts the variables only when they are sent with it (hashicorp/terraform-provider-aws issue 26692, pull request 26696). */
const NEEDED_WITH: Readonly<Record<string, readonly (keyof CreateFunctionCommandInput)[]>> = { kmsKey: ["Environment"] };
/** What of the settings is written: what differs, or all of it again where the last update failed. */
function changedSettings(
  spec: FunctionSpec,
  changes: readonly Change[],
): Partial<Omit<ReturnType<typeof creation>, "Architectures">> | undefined {
  const { Architectures, ...all } = creation(spec);
  // A role that was made anew has to be set again: until then Lambda and KMS hold the one that was deleted.
  if (touches(changes, "lastUpdate", "roleId")) return all;
  // Nothing is "as it is": an empty name takes the key away.
  const settable = { ...all, KMSKeyArn: spec.kmsKey ?? "" };
  const inputs: readonly string[] = changes.flatMap(({ path }) =>
    path in INPUTS ? [INPUTS[path as keyof Configuration], ...(NEEDED_WITH[path] ?? [])] : [],
  );
  const settings = Object.entries(settable).filter(([input]) => inputs.includes(input));
  return settings.length === 0 ? undefined : Object.fromEntries(settings);
}
function creation(spec: FunctionSpec) {
  return {
    Description: spec.description,
    Role: spec.roleArn,
    Runtime: spec.runtime,
    Architectures: [spec.architecture],
    Handler: spec.handler,
    MemorySize: spec.memoryMb,
    Timeout: spec.timeoutSeconds,
    Environment: { Variables: spec.environment },
    TracingConfig: { Mode: "Active" as const },
    LoggingConfig: {
      LogFormat: "JSON" as const,
      ApplicationLogLevel: "INFO" as const,
      SystemLogLevel: "WARN" as const,
      LogGroup: spec.logGroup,
    },
    Layers: [] as string[],
    ...(spec.kmsKey && { KMSKeyArn: spec.kmsKey }),
  };
}
const settingsOf = (f: FunctionConfiguration | undefined): Settings => ({
  code: f?.CodeSha256,
  configuration: {
    description: f?.Description,
    role: f?.Role,
    runtime: f?.Runtime,
    architecture: f?.Architectures?.[0] ?? "x86_64",
    handler: f?.Handler,
    memoryMb: f?.MemorySize,
    timeoutSeconds: f?.Timeout,
    environment: f?.Environment?.Variables,
    tracing: f?.TracingConfig?.Mode,
    logging: f?.LoggingConfig,
    layers: (f?.Layers ?? []).map((l) => l.Arn),
    kmsKey: f?.KMSKeyArn,
  },
});

/** The key that is wished for, and those of what is deployed and of what callers get. */
function keysInUse(spec: FunctionSpec, { latest, alias }: FunctionLive): readonly string[] {
  const keys = [spec.kmsKey, latest.configuration.kmsKey, alias?.settings.configuration.kmsKey];
  return [...new Set(keys.filter((key): key is string => typeof key === "string" && key !== ""))];
}

async function observe(lambda: Lambda, iam: IAM, FunctionName: string, found: GetFunctionResponse): Promise<Observation<FunctionLive>> {
  const latest = found.Configuration ?? {};
  const [aliases, versions, otherStatements] = await Promise.all([
    aliasesOf(lambda, FunctionName),
    versionsOf(lambda, FunctionName),
    otherStatementsOf(lambda, FunctionName, ALIAS),
  ]);
  const { version, weights = {} } = aliases.get(ALIAS) ?? {};
  const published = version && (await lambda.getFunctionConfiguration({ FunctionName, Qualifier: version }));
  const arn = latest.FunctionArn ?? "";
  const named = new Set([...aliases.values()].flatMap((alias) => [alias.version, ...Object.keys(alias.weights)]));
  const tags = found.Tags ?? {};
  const live: FunctionLive = {
    name: FunctionName,
    arn,
    state: latest.State ?? "Active",
    updateFailed: latest.LastUpdateStatus === "Failed" ? `failed: ${latest.LastUpdateStatusReason ?? "no reason given"}` : undefined,
    latest: settingsOf(latest),
    keyGrant: policyForm(await readGrant(iam, latest.Role ?? "")),
    alias: version && published ? { arn: `${arn}:${ALIAS}`, version, weights, settings: settingsOf(published) } : undefined,
    roleId: tags[ROLE_TAG],
    stopped: found.Concurrency?.ReservedConcurrentExecutions === 0,
    otherStatements,
    oldVersions: versions.filter((v) => !named.has(v)).slice(KEPT_VERSIONS),
  };
  if (latest.State === "Failed") return { state: "failed", live, tags, reason: latest.StateReason ?? "Lambda gives no reason" };
  const busy = latest.State === "Pending" || latest.LastUpdateStatus === "InProgress";
  return { state: busy ? "settling" : "ready", live, tags };
}
/** Alias → version, and the shares of others. */
async function aliasesOf(lambda: Lambda, FunctionName: string): Promise<ReadonlyMap<string, { version: string; weights: Weights }>> {
  const all = new Map<string, { version: string; weights: Weights }>();
  for await (const { Aliases = [] } of lambda.paginateListAliases({ FunctionName }))
    for (const { Name = "", FunctionVersion = "", RoutingConfig } of Aliases)
      all.set(Name, { version: FunctionVersion, weights: RoutingConfig?.AdditionalVersionWeights ?? {} });
  return all;
}
/** Newest first. */
async function versionsOf(lambda: Lambda, FunctionName: string): Promise<readonly string[]> {
  const all: string[] = [];
  for await (const { Versions = [] } of lambda.paginateListVersionsByFunction({ FunctionName }))
    all.push(...Versions.flatMap((v) => (v.Version && v.Version !== LATEST ? [v.Version] : [])));
  return all.toSorted((a, b) => Number(b) - Number(a));
}
const nothingBundled = (name: string): FleetlogixError =>
  new FleetlogixError("BUNDLE_FAILED", `There is no code for the function "${name}".`, {
    hint: "Run `fleetlogix deploy-lambdas`: it bundles the functions and creates what is missing.",
  });
const arnOf = (name: string, { partition, region, account }: AwsLocation) =>
  `arn:${partition}:lambda:${region}:${account}:function:${name}`;
