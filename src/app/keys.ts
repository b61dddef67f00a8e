import { choiceHint } from "../config/one-of.ts";
import { declare, type ResourceNode } from "../engine/contract.ts";
import { execute } from "../engine/execute.ts";
import { observe } from "../engine/observe.ts";
import { type Orphan, plan, planDeletions, refuseBeforeWriting } from "../engine/plan.ts";
import type { EngineRun } from "../engine/run.ts";
import { executeDeletions, findOrphans } from "../engine/teardown.ts";
import { FleetlogixError } from "../errors.ts";
import { apigatewayApiKey, apigatewayUsagePlan } from "../resources/index.ts";
import { naming } from "../stack/naming.ts";
import { STAGE_ID } from "../stack-ids.ts";
import type { ApiKeyInfo, ApiKeyLimits } from "./contract.ts";
import { noApiYet } from "./not-deployed.ts";
import type { Session } from "./session.ts";

/** Tag of the keys for an app, a partner or a depot; its value is the name of the key. `up` does not change them, a teardown deletes them. */
export const KEY_TAG = "fleetlogix:key";
const LARGEST_QUOTA = 2_147_483_647;
const SECONDS_A_DAY = 86_400;

/** True for a resource that `up` does not manage; it is not an orphan. */
export const isNamedKey = ({ live }: Orphan): boolean => live.tags !== "inherited" && live.tags[KEY_TAG] !== undefined;

interface KeyLive {
  readonly id: string;
  readonly attributes: { readonly enabled: boolean };
}
interface PlanLive {
  readonly attributes: { readonly rateLimit: number | undefined; readonly burstLimit: number | undefined };
}

/** The keys that `createKey` created, by name. */
export async function listKeys(session: Session): Promise<readonly ApiKeyInfo[]> {
  const found = await namedKeys(session.run(session.stack()));
  const names = [...new Set(found.map(nameOf))].toSorted();
  return names.map((name) => {
    const own = found.filter((item) => nameOf(item) === name);
    const key = own.find(({ subject }) => subject.kind === apigatewayApiKey)?.live.live as KeyLive | undefined;
    const limits = own.find(({ subject }) => subject.kind === apigatewayUsagePlan)?.live.live as PlanLive | undefined;
    return {
      name,
      id: key?.id ?? null,
      // One of the two parts is missing: a create or revoke was interrupted. A rerun completes it.
      state: key === undefined || limits === undefined ? "incomplete" : key.attributes.enabled ? "enabled" : "disabled",
      rate_limit: limits?.attributes.rateLimit ?? null,
      burst_limit: limits?.attributes.burstLimit ?? null,
    };
  });
}

/** Creates a key with its own limits, or updates the limits of the key with this name. Idempotent. */
export async function createKey(session: Session, name: string, limits: ApiKeyLimits): Promise<ApiKeyInfo> {
  const { config } = session;
  if (config.api.auth !== "apiKey")
    throw new FleetlogixError("USAGE", `The API asks for no key: api.auth is "${config.api.auth}".`, {
      hint: 'Set "api": { "auth": "apiKey" } in the configuration and run `fleetlogix up`, then create the key.',
    });
  const run = runFor(session, name);
  const seen = await observe(nodesOf(session, name, limits, await stageOf(session)), run, { specs: true });
  refuseBeforeWriting(plan(seen, run));
  const outcome = await execute(seen, run);
  if (outcome.error) throw outcome.error;
  const found = (await listKeys(session)).find((key) => key.name === name);
  return found ?? { name, id: null, state: "incomplete", rate_limit: limits.rateLimit, burst_limit: limits.burstLimit };
}

/** Deletes the key and its limits; calls with it are refused afterwards. NOT_DEPLOYED when no key has this name. */
export async function revokeKey(session: Session, name: string): Promise<void> {
  const run = session.run(session.stack());
  const own = (await namedKeys(run)).filter((item) => nameOf(item) === name);
  if (own.length === 0) {
    const names = (await listKeys(session)).map((key) => key.name);
    throw new FleetlogixError("NOT_DEPLOYED", `There is no key ${JSON.stringify(name)}.`, {
      hint: names.length > 0 ? choiceHint(name, names) : "Create one with `fleetlogix keys create NAME`.",
    });
  }
  const deletions = planDeletions([], own, { deleteData: false, orphansOnly: true }, run);
  const outcome = await executeDeletions(deletions, [], run, () => ({ finalSnapshot: undefined }));
  if (outcome.error) throw outcome.error;
}

const nameOf = ({ live }: Orphan): string => (live.tags === "inherited" ? "" : (live.tags[KEY_TAG] ?? ""));

/** The two parts of each named key. They are found by their tag, because the configuration does not have them. */
const namedKeys = async (run: EngineRun): Promise<readonly Orphan[]> =>
  (await findOrphans([], [apigatewayApiKey, apigatewayUsagePlan], run, "")).filter(isNamedKey);

function runFor(session: Session, name: string): EngineRun {
  const run = session.run(session.stack());
  return { ...run, ctx: { ...run.ctx, tags: { ...run.ctx.tags, [KEY_TAG]: name } } };
}

/** A key and its usage plan. The limits of a plan apply to all of its keys, so a key with its own limits has its own plan. */
function nodesOf(session: Session, name: string, limits: ApiKeyLimits, stage: Stage): readonly ResourceNode[] {
  const names = naming(session.config, session.place);
  const { rateLimit, burstLimit, dailyQuota } = limits;
  const key = declare(apigatewayApiKey, `key.${name}`, {
    identity: () => ({ name: `${names.apiKey}/${name}` }),
    spec: () => ({ description: `Calls of ${name} to ${session.config.api.name}` }),
  });
  const limitsOfKey = declare(apigatewayUsagePlan, `plan.${name}`, {
    needs: { key },
    identity: () => ({ name: `${names.usagePlan}/${name}` }),
    spec: (from) => ({
      description: `How often ${name} may call ${session.config.api.name}`,
      ...stage,
      keyId: from.key.id,
      rateLimit,
      burstLimit,
      dailyQuota: dailyQuota ?? Math.min(Math.ceil(rateLimit * SECONDS_A_DAY), LARGEST_QUOTA),
    }),
  });
  return [key, limitsOfKey];
}

interface Stage {
  readonly apiId: string;
  readonly stage: string;
}
async function stageOf(session: Session): Promise<Stage> {
  const stack = session.stack();
  const nodes = stack.nodes.filter(({ id }) => id === STAGE_ID);
  const found = (await observe(nodes, session.run(stack), { specs: false, needs: "identity" })).find(({ id }) => id === STAGE_ID);
  if (found && found.observation.state !== "absent") {
    const { apiId, stage } = found.out as Stage;
    return { apiId, stage };
  }
  throw noApiYet();
}
