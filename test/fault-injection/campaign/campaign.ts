import { buildFunctions } from "../../../src/artifacts/build.ts";
import type { FunctionName } from "../../../src/config/config.ts";
import { deriveConfig } from "../../../src/config/derive.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { settingsSchema } from "../../../src/config/schema.ts";
import { openReport, type Report } from "../report.ts";
import { sample } from "../sample.ts";
import { openContext } from "./lifecycle.ts";
import { scenariosOf } from "./scenarios.ts";

export interface CampaignOptions {
  readonly seeds: number;
  /** The number of scenarios, chosen evenly by a fixed seed; default: all. */
  readonly sample?: number | undefined;
  /** Only scenarios whose name this regular expression finds. */
  readonly only?: string | undefined;
  /** No scenario begins after this number of minutes. The scenarios played until then are an even sample of all. */
  readonly minutes?: number | undefined;
  readonly shard: number;
  readonly shards: number;
  readonly print: (line: string) => void;
}
/** One in this number of scenarios always continues to the teardown. With `only`, every scenario does. */
const TEARDOWN_SHARE = 4;

export async function campaign(options: CampaignOptions): Promise<Report> {
  const { seeds, only, minutes, shard, shards, print } = options;
  const { config } = loadConfig({ cwd: "/nowhere", variables: {} });
  const built = await buildFunctions(Object.keys(config.functions.names) as FunctionName[]);
  const context = openContext({ config, artifacts: async () => built });
  const production = deriveConfig(settingsSchema.parse({ hardening: "production" }));
  const references = { development: await context.reference(config), production: await context.reference(production) };
  const all = scenariosOf({ ...references, config, productionConfig: production, seeds }).filter(
    ({ name }) => only === undefined || new RegExp(only).test(name),
  );
  const chosen = sample(all, options.sample, 1).filter((_, index) => index % shards === shard);
  const { play, report } = openReport(chosen.length, print);
  const endMs = minutes === undefined ? Number.POSITIVE_INFINITY : Date.now() + minutes * 60_000;
  for (const [index, scenario] of chosen.entries()) {
    if (Date.now() >= endMs) break;
    const toTeardown = only !== undefined || index % TEARDOWN_SHARE === 0;
    await play(scenario.name, (check) => scenario.play(context, check, { toTeardown }));
    if ((index + 1) % 50 === 0) print(`shard ${shard}: ${index + 1} of ${chosen.length}, ${report().violations.length} violations`);
  }
  await context.close();
  return report();
}
