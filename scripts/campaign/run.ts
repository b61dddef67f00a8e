import type { AppOptions, RunResult } from "../../src/app.ts";
import type { Config } from "../../src/config/config.ts";
import { FleetlogixError } from "../../src/errors.ts";
import type { LoggedCall } from "../../src/local/core/faults.ts";
import type { Scenario } from "./scenarios.ts";
import { difference, snapshot } from "./snapshot.ts";
import { type Documents, makeWorld, type Started, type World } from "./world.ts";

/** What an undisturbed life of the stack looks like: against it every scenario is held. */
export interface Reference {
  readonly upWrites: readonly LoggedCall[];
  readonly downWrites: readonly LoggedCall[];
  readonly up: readonly string[];
  readonly down: readonly string[];
}
export interface Setting {
  readonly config: Config;
  readonly artifacts: AppOptions["artifacts"];
}
const HOW = { adopt: false, allowDataLoss: [], wait: true };
const TEARDOWN = { deleteData: true, skipFinalSnapshot: true, wait: true };
const MOST_CALLS = 4_000;

export async function reference(setting: Setting): Promise<Reference> {
  const world = await makeWorld(setting.config, setting.artifacts);
  try {
    const foreign = world.documents();
    await must(world, "up", 8);
    const upWrites = world.faults.calls().filter((call) => call.write);
    const up = snapshot(world.documents(), foreign);
    world.faults.clear();
    await must(world, "teardown", 8);
    const downWrites = world.faults.calls().filter((call) => call.write);
    return { upWrites, downWrites, up, down: snapshot(world.documents(), foreign) };
  } finally {
    await world.close();
  }
}

/** One scenario from an empty account to an empty account; returns the invariants that it broke. */
export async function play(scenario: Scenario, wanted: Reference, setting: Setting): Promise<readonly string[]> {
  const world = await makeWorld(setting.config, setting.artifacts);
  const broken: string[] = [];
  const check = (invariant: string, fault: string | undefined | false) => {
    if (fault) broken.push(`${invariant}: ${fault}`);
  };
  try {
    const foreign = world.documents();
    if (scenario.during === "teardown") await must(world, "up", 8);
    check("I10", await disturbed(world, scenario));
    if (scenario.during === "up") {
      check("I2", await again(world, "up", scenario));
      check("I1", difference(wanted.up, snapshot(world.documents(), foreign)));
      check("I9", doubled(world.faults.calls()));
      check("I11", opened(world.faults.calls()));
      const sentinels = await leaveSentinels(world, setting.config);
      world.faults.clear();
      check("I2", await again(world, "up", scenario));
      check("I8", written(world.faults.calls()));
      check("I6", await lostSentinels(world, setting.config, sentinels));
    }
    check("I2", await again(world, "teardown", scenario));
    check("I4", difference(wanted.down, snapshot(world.documents(), foreign)));
    check("I5", touched(foreign, world.documents()));
    check("I12", world.faults.calls().length > MOST_CALLS && `${world.faults.calls().length} calls`);
  } catch (error) {
    broken.push(`the scenario itself failed: ${error instanceof Error ? error.stack : String(error)}`);
  } finally {
    await world.close();
  }
  return broken;
}

async function must(world: World, what: "up" | "teardown", concurrency: number): Promise<void> {
  const result = await once(await world.start(concurrency), what);
  if (!result.ok) throw result.error;
}
function once({ app }: Started, what: "up" | "teardown"): Promise<RunResult> {
  return what === "up" ? app.apply({ part: "all" }, HOW, () => {}) : app.teardown(TEARDOWN, () => {});
}

/** The run that meets the fault. It may fail, but not lie about it. */
async function disturbed(world: World, scenario: Scenario): Promise<string | undefined> {
  const run = await world.start(scenario.concurrency);
  world.faults.clear();
  world.faults.add(...scenario.rules(run));
  let result: RunResult | undefined;
  let thrown: unknown;
  try {
    result = await once(run, scenario.during);
  } catch (error) {
    thrown = error;
  }
  const faults = world.faults.rules().length;
  if (faults > 0) removeRules(world);
  if (run.isDead()) return undefined;
  const error = thrown ?? result?.error;
  if (error === undefined || error === null) return result?.ok ? undefined : "not ok, and no error";
  if (!(error instanceof FleetlogixError)) return `an error without code or advice: ${String(error)}`;
  return error.code === "INTERNAL" || error.detail.hint === "" ? `${error.code} without advice` : undefined;
}

/** Rules end, the log of calls stays. */
function removeRules(world: World): void {
  for (const rule of world.faults.rules()) Object.assign(rule, { times: 1, matched: Number.MAX_SAFE_INTEGER });
}

async function again(world: World, what: "up" | "teardown", { runs, concurrency }: Scenario): Promise<string | undefined> {
  let last = "";
  for (let run = 0; run < runs; run++) {
    try {
      const result = await once(await world.start(concurrency), what);
      if (result.ok) return undefined;
      last = String(result.error);
    } catch (error) {
      last = String(error);
    }
  }
  return `${what} does not succeed with the fault gone: ${last}`;
}

function doubled(calls: readonly LoggedCall[]): string | undefined {
  const seen = new Set<string>();
  for (const { service, operation, effect, input } of calls) {
    if (!effect || !/^Create(?!Deployment|Tags)/.test(operation)) continue;
    const key = `${service}:${operation} ${JSON.stringify(input)}`;
    if (seen.has(key)) return `made twice: ${key.slice(0, 200)}`;
    seen.add(key);
  }
  return undefined;
}
function opened(calls: readonly LoggedCall[]): string | undefined {
  const done = calls.filter((call) => call.effect);
  const first = (operation: string) => done.findIndex((call) => call.operation === operation);
  const open = done.find((call) => call.operation === "AuthorizeSecurityGroupIngress" && JSON.stringify(call.input).includes("0.0.0.0/0"));
  if (open) return "a security group was open to the world";
  if (first("PutObject") >= 0 && first("PutObject") < first("PutPublicAccessBlock")) return "objects before the bucket's block";
  return first("CreateDeployment") < first("PutRestApi") ? "a deployment before the document" : undefined;
}
function written(calls: readonly LoggedCall[]): string | undefined {
  const writes = calls.filter((call) => call.write);
  return writes.length > 0 ? writes.map((call) => `${call.service}:${call.operation}`).join(" ") : undefined;
}
function touched(before: Documents, after: Documents): string | undefined {
  for (const [key, value] of before) {
    if (key.startsWith("local.")) continue;
    if (JSON.stringify(after.get(key)) !== JSON.stringify(value)) return key;
  }
  return undefined;
}

async function leaveSentinels({ s3, dynamodb }: World, config: Config): Promise<{ readonly version: string | undefined }> {
  await dynamodb.putItem({ TableName: config.tables.deliveries, Item: { delivery_id: { S: "sentinel" } } });
  const { VersionId } = await s3.putObject({ Bucket: bucketOf(config), Key: "raw-data/sentinel", Body: "sentinel" });
  return { version: VersionId };
}
async function lostSentinels({ s3, dynamodb }: World, config: Config, { version }: { readonly version: string | undefined }) {
  const item = await dynamodb.getItem({ TableName: config.tables.deliveries, Key: { delivery_id: { S: "sentinel" } } });
  if (!item.Item) return "the item is gone";
  const object = await s3.headObject({ Bucket: bucketOf(config), Key: "raw-data/sentinel" }).catch(() => undefined);
  return object?.VersionId === version ? undefined : "the object is gone";
}
const bucketOf = (config: Config): string => config.bucket.name ?? `fleetlogix-data-000000000000-${config.region}`;
