import { buildFunctions } from "../../src/artifacts/build.ts";
import type { FunctionName } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/load.ts";
import { play, reference } from "./run.ts";
import { everywhere, generator, random, type Scenario } from "./scenarios.ts";

export interface CampaignOptions {
  readonly seeds: number;
  /** Only so many scenarios, chosen evenly by a fixed seed. */
  readonly sample?: number | undefined;
  readonly shard: number;
  readonly shards: number;
  readonly say: (line: string) => void;
}
export interface Report {
  readonly scenarios: number;
  readonly violations: readonly { readonly scenario: string; readonly invariant: string }[];
}

export async function campaign({ seeds, sample, shard, shards, say }: CampaignOptions): Promise<Report> {
  const { config } = loadConfig({ cwd: "/nowhere", variables: {} });
  const built = await buildFunctions(Object.keys(config.functions.names) as FunctionName[]);
  const setting = { config, artifacts: async () => built };
  const wanted = await reference(setting);
  const all = [
    ...everywhere(wanted.upWrites, "up"),
    ...everywhere(wanted.downWrites, "teardown"),
    ...Array.from({ length: seeds }, (_, index) => random(wanted.upWrites, index + 1)),
  ];
  const mine = chosen(all, sample).filter((_, index) => index % shards === shard);
  const violations: { scenario: string; invariant: string }[] = [];
  for (const [index, scenario] of mine.entries()) {
    for (const invariant of await play(scenario, wanted, setting)) {
      violations.push({ scenario: scenario.name, invariant });
      say(`VIOLATION ${scenario.name}\n  ${invariant}`);
    }
    if ((index + 1) % 50 === 0) say(`shard ${shard}: ${index + 1} of ${mine.length}, ${violations.length} violations`);
  }
  return { scenarios: mine.length, violations };
}

function chosen(all: readonly Scenario[], sample: number | undefined): readonly Scenario[] {
  if (sample === undefined || sample >= all.length) return all;
  const chance = generator(1);
  return all
    .map((scenario) => ({ scenario, order: chance() }))
    .sort((a, b) => a.order - b.order)
    .slice(0, sample)
    .map(({ scenario }) => scenario);
}
