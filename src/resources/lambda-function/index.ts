import type { FunctionConfiguration, GetFunctionResponse } from "@aws-sdk/client-lambda";
import { actions, arnAt } from "../../aws/access.ts";
import { attributeChanges, readAttributes } from "../../aws/attributes.ts";
import { changedTags, differences, touches } from "../../aws/changes.ts";
import type { AwsClients } from "../../aws/clients.ts";
import { collect, ourNames } from "../../aws/pages.ts";
import { policyForm } from "../../aws/policies.ts";
import type { IAM, Lambda } from "../../aws/sdk/types.ts";
import { defined } from "../../defined.ts";
import type { AwsLocation, Change, Observation, ResourceKind } from "../../engine/contract.ts";
import { FleetlogixError } from "../../errors.ts";
import { ATTRIBUTES, changedConfiguration, configurationOf, wantedOf } from "./attributes.ts";
import { grantOf, NO_POLICY, readGrant, writeGrant } from "./key-grant.ts";
import { otherNote, otherStatementsOf, stoppedNote } from "./statements.ts";
import type { FunctionId, FunctionLive, FunctionOutputs, FunctionSpec, Settings, Weights } from "./types.ts";

const LATEST = "$LATEST";
/** Number of old versions to keep: all versions of all functions share 75 GB a region. */
const KEPT_VERSIONS = 5;
const ALIAS = "live";
/** Holds the unique id of the role that a function was last given: a role that is deleted and created again keeps its ARN. */
const ROLE_TAG = "fleetlogix:role";

export const lambdaFunction: ResourceKind<FunctionId, FunctionSpec, FunctionLive, FunctionOutputs, AwsClients> = {
  kind: "lambda.function",
  holdsData: false,
  settle: { timeoutMs: 300_000, pollMs: 2_000 },
  notFound: { provenBy: "lambda:GetFunction", codes: ["ResourceNotFoundException", ...NO_POLICY] },

  access: {
    on: (id, place) => [arnOf(id.name, place), `${arnOf(id.name, place)}:*`],
    read: actions("lambda", "GetFunction", "GetFunctionConfiguration", "GetPolicy", "ListAliases", "ListVersionsByFunction"),
    write: [
      ...actions("lambda", "CreateAlias", "CreateFunction", "DeleteFunction", "PublishVersion", "TagResource", "UpdateAlias"),
      ...actions("lambda", "UpdateFunctionCode", "UpdateFunctionConfiguration"),
    ],
    delete: ["lambda:DeleteFunction"],
    everywhere: { read: ["lambda:ListFunctions"] },
  },
  label: ({ name }) => name,
  diff(spec, live) {
    const code = spec.code?.sha256 ?? live.latest.code;
    return [
      ...differences({ code: [live.latest.code, code] }),
      ...attributeChanges(ATTRIBUTES, live.latest.attributes, spec, live),
      ...roleChange(spec, live),
      ...differences({ keyGrant: [live.keyGrant, spec.kmsKey && policyForm(grantOf([spec.kmsKey]))] }),
      ...differences({ lastUpdate: [live.updateFailed ?? "successful", "successful"] }),
      ...publication(live, { code, attributes: wantedOf(spec) }),
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
  describe: (live) => ({
    arn: live.arn,
    state: live.state,
    trouble: live.stopped ? stoppedNote(live.name) : undefined,
    since: live.changed,
    bytes: live.codeBytes,
    detail: [live.alias && `version ${live.alias.version}`, live.latest.attributes.runtime].filter(Boolean).join(", "),
  }),

  async read({ name: FunctionName }, ctx) {
    const lambda = await ctx.world.lambda();
    return observe(lambda, await ctx.world.iam(), FunctionName, await lambda.getFunction({ FunctionName }));
  },
  async create({ name }, spec, ctx) {
    const lambda = await ctx.world.lambda();
    if (!spec.code) throw nothingBundled(name);
    if (spec.kmsKey) await writeGrant(await ctx.world.iam(), spec.roleArn, [spec.kmsKey]);
    await lambda.createFunction({
      FunctionName: name,
      PackageType: "Zip",
      Code: { ZipFile: spec.code.zip },
      ...configurationOf(spec),
      Role: spec.roleArn,
      Architectures: [spec.architecture],
      Tags: defined({ ...ctx.tags, [ROLE_TAG]: spec.roleId ?? undefined }),
    });
  },
  /**
   * Lambda accepts no change while another is in progress. The order is code, settings, alias. The update ends after the first step that
   * takes time.
   */
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
    const configuration = changedConfiguration(spec, changes);
    if (configuration) {
      const updated = await lambda.updateFunctionConfiguration({ FunctionName, ...configuration });
      if (touches(changes, "roleId") && spec.roleId) await lambda.tagResource({ Resource: live.arn, Tags: { [ROLE_TAG]: spec.roleId } });
      if (updated.LastUpdateStatus === "InProgress") return;
    }
    if (touches(changes, "published")) await publish(lambda, FunctionName, spec, live);
    if (touches(changes, "oldVersions")) for (const Qualifier of live.oldVersions) await lambda.deleteFunction({ FunctionName, Qualifier });
  },
  async delete({ name: FunctionName }, _live, _how, ctx) {
    await (await ctx.world.lambda()).deleteFunction({ FunctionName });
  },
  candidates: async (ctx) =>
    ourNames((await ctx.world.lambda()).paginateListFunctions({}), (page) => page.Functions?.map((f) => f.FunctionName)),
};

/** A role that was deleted and created again has the same ARN and another unique id. */
function roleChange({ roleId }: FunctionSpec, live: FunctionLive): readonly Change[] {
  if (roleId === undefined || (roleId === null && live.roleId === undefined)) return [];
  return differences({ roleId: [live.roleId, roleId ?? "the id of the new role"] });
}
/**
 * A new version is due when the alias names none, or when its version lacks a desired value that is already deployed. Values that are not
 * deployed yet are deployed first. A change of the description needs no version.
 */
function publication({ alias, latest }: FunctionLive, wanted: Settings): readonly Change[] {
  const to = "what is deployed";
  if (!alias) return [{ path: "published", from: undefined, to }];
  const weighted = Object.entries(alias.weights);
  const from = [`version ${alias.version}`, ...weighted.map(([version, share]) => `${share * 100} % version ${version}`)].join(", ");
  // Callers get one published version: `$LATEST` would serve half a deployment, and weights serve two.
  if (alias.version === LATEST || weighted.length > 0) return [{ path: "published", from, to }];
  const parts = ({ code, attributes: { description, ...rest } }: Settings): Readonly<Record<string, unknown>> => ({ code, ...rest });
  const [present, next, desired] = [parts(alias.settings), parts(latest), parts(wanted)];
  const due = Object.keys(desired).some((key) => !sameMeaning(present[key], desired[key]) && !sameMeaning(present[key], next[key]));
  return due ? [{ path: "published", from, to }] : [];
}
const sameMeaning = (a: unknown, b: unknown) => differences({ it: [a, b] }).length === 0;
/** PublishVersion creates no second version of the same content, so an interrupted publication is continued. */
async function publish(lambda: Lambda, FunctionName: string, spec: FunctionSpec, live: FunctionLive): Promise<void> {
  const CodeSha256 = spec.code?.sha256 ?? live.latest.code;
  const { Version: FunctionVersion } = await lambda.publishVersion({ FunctionName, CodeSha256 });
  const RoutingConfig = { AdditionalVersionWeights: {} };
  if (live.alias) await lambda.updateAlias({ FunctionName, Name: spec.alias, FunctionVersion, RoutingConfig });
  else await lambda.createAlias({ FunctionName, Name: spec.alias, FunctionVersion });
}

const settingsOf = (f: FunctionConfiguration): Settings => ({ code: f.CodeSha256, attributes: readAttributes(ATTRIBUTES, f) });

/** The configured key, and those of the deployed code and of the version that callers use. */
function keysInUse(spec: FunctionSpec, { latest, alias }: FunctionLive): readonly string[] {
  const keys = [spec.kmsKey, latest.attributes.kmsKey, alias?.settings.attributes.kmsKey];
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
  const aliasedVersions = new Set([...aliases.values()].flatMap((alias) => [alias.version, ...Object.keys(alias.weights)]));
  const tags = found.Tags ?? {};
  const live: FunctionLive = {
    name: FunctionName,
    arn,
    state: latest.State ?? "Active",
    // Lambda writes the offset as +0000, which is not in the date format of ECMAScript.
    changed: latest.LastModified ? new Date(latest.LastModified.replace("+0000", "Z")) : undefined,
    codeBytes: latest.CodeSize,
    updateFailed: latest.LastUpdateStatus === "Failed" ? `failed: ${latest.LastUpdateStatusReason ?? "no reason given"}` : undefined,
    latest: settingsOf(latest),
    keyGrant: policyForm(await readGrant(iam, latest.Role ?? "")),
    alias: version && published ? { arn: `${arn}:${ALIAS}`, version, weights, settings: settingsOf(published) } : undefined,
    roleId: tags[ROLE_TAG],
    stopped: found.Concurrency?.ReservedConcurrentExecutions === 0,
    otherStatements,
    oldVersions: versions.filter((v) => !aliasedVersions.has(v)).slice(KEPT_VERSIONS),
  };
  if (latest.State === "Failed") return { state: "failed", live, tags, reason: latest.StateReason ?? "Lambda gives no reason" };
  const busy = latest.State === "Pending" || latest.LastUpdateStatus === "InProgress";
  return { state: busy ? "settling" : "ready", live, tags };
}
/** Version of each alias, and the shares of other versions. */
async function aliasesOf(lambda: Lambda, FunctionName: string): Promise<ReadonlyMap<string, { version: string; weights: Weights }>> {
  const all = new Map<string, { version: string; weights: Weights }>();
  for await (const { Aliases = [] } of lambda.paginateListAliases({ FunctionName }))
    for (const { Name = "", FunctionVersion = "", RoutingConfig } of Aliases)
      all.set(Name, { version: FunctionVersion, weights: RoutingConfig?.AdditionalVersionWeights ?? {} });
  return all;
}
/** Numbers of the published versions, newest first. */
async function versionsOf(lambda: Lambda, FunctionName: string): Promise<readonly string[]> {
  const all = await collect(lambda.paginateListVersionsByFunction({ FunctionName }), (page) =>
    page.Versions?.map((v) => v.Version ?? LATEST),
  );
  return all.filter((version) => version !== LATEST).toSorted((a, b) => Number(b) - Number(a));
}
const nothingBundled = (name: string): FleetlogixError =>
  new FleetlogixError("BUNDLE_FAILED", `There is no code for the function "${name}".`, {
    hint: "Run `fleetlogix deploy-lambdas`: it bundles the functions and creates what is missing.",
  });
const arnOf = (name: string, place: AwsLocation) => arnAt(place, "lambda", `function:${name}`);
