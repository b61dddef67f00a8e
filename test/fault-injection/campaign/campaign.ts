import { buildFunctions } from "../../../src/artifacts/build.ts";
import type { FunctionName } from "../../../src/config/config.ts";
import { deriveConfig } from "../../../src/config/derive.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { settingsSchema } from "../../../src/config/schema.ts";
import { sample } from "../sample.ts";
import { type Check, openContext } from "./lifecycle.ts";
import { scenariosOf } from "./scenarios.ts";

export interface CampaignOptions {
  readonly seeds: number;
  /** Only so many scenarios, chosen evenly by a fixed seed. */
  readonly sample?: number | undefined;
  /** Only scenarios whose name this regular expression finds. */
  readonly only?: string | undefined;
  /** Begins no scenario after so many minutes: an even part of all. */
  readonly minutes?: number | undefined;
  readonly shard: number;
  readonly shards: number;
  readonly say: (line: string) => void;
}
export interface Report {
  /** How many of each family were played: F1 to F22, I13. */
  readonly scenarios: Readonly<Record<string, number>>;
  /** How often each invariant was looked at. */
  readonly checks: Readonly<Record<string, number>>;
  /** How many there are to play; fewer were played when the time was over. */
  readonly chosen: number;
  readonly violations: readonly { readonly scenario: string; readonly invariant: string }[];
}

/** One of so many scenarios goes on to the teardown in any case; with `only`, every one. */
const TEARDOWN_SHARE = 4;

export async function campaign(options: CampaignOptions): Promise<Report> {
  const { seeds, only, minutes, shard, shards, say } = options;
  const { config } = loadConfig({ cwd: "/nowhere", variables: {} });
  const built = await buildFunctions(Object.keys(config.functions.names) as FunctionName[]);
  const context = openContext({ config, artifacts: async () => built });
  const production = deriveConfig(settingsSchema.parse({ hardening: "production" }));
  const references = { development: await context.reference(config), production: await context.reference(production) };
  const all = scenariosOf({ ...references, config, productionConfig: production, seeds }).filter(
    ({ name }) => only === undefined || new RegExp(only).test(name),
  );
  const mine = sample(all, options.sample, 1).filter((_, index) => index % shards === shard);
  const scenarios: Record<string, number> = {};
  const checks: Record<string, number> = {};
  const violations: { scenario: string; invariant: string }[] = [];
  const endMs = minutes === undefined ? Number.POSITIVE_INFINITY : Date.now() + minutes * 60_000;
  for (const [index, scenario] of mine.entries()) {
    if (Date.now() >= endMs) break;
    const broken = (invariant: string): void => {
      violations.push({ scenario: scenario.name, invariant });
      say(`VIOLATION ${scenario.name}\n  ${invariant}`);
    };
    const check: Check = (invariant, fault) => {
      count(checks, invariant);
      if (fault !== undefined) broken(`${invariant}: ${fault}`);
    };
    count(scenarios, scenario.name.split(" ")[0] ?? "");
    const toTeardown = only !== undefined || index % TEARDOWN_SHARE === 0;
    await scenario.play(context, check, { toTeardown }).catch((error) => broken(`the scenario itself failed: ${error?.stack ?? error}`));
    if ((index + 1) % 50 === 0) say(`shard ${shard}: ${index + 1} of ${mine.length}, ${violations.length} violations`);
  }
  await context.close();
  return { scenarios, checks, chosen: mine.length, violations };
}
function count(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}
