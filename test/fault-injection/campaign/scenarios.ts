import type { Config } from "../../../src/config/config.ts";
import * as calls from "./call-faults.ts";
import { configurations } from "./configurations.ts";
import { deletions } from "./deletions.ts";
import { drifts } from "./drifts.ts";
import { foreignOwners } from "./foreign-owners.ts";
import type { Reference, Scenario } from "./lifecycle.ts";
import { productionDeletion, productionDrift } from "./production.ts";
import { recordedErrors } from "./recorded-errors.ts";
import { resourceStates, transientErrors } from "./transients.ts";

type Calls = Pick<Reference, "upCalls" | "downCalls">;
export interface ScenarioInput {
  /** The calls of the undisturbed runs of each configuration. */
  readonly development: Calls;
  readonly production: Calls;
  readonly config: Config;
  readonly productionConfig: Config;
  readonly seeds: number;
}

/** All scenarios of the campaign. The name of each begins with the numbers of its faults. */
export function scenariosOf({ development, production, config, productionConfig, seeds }: ScenarioInput): readonly Scenario[] {
  const { upCalls, downCalls } = development;
  return [
    ...calls.atEveryWrite(upCalls, "up"),
    ...calls.atEveryWrite(downCalls, "teardown"),
    ...calls.atEveryOperation(upCalls, "up"),
    ...calls.atEveryOperation(downCalls, "teardown"),
    ...calls.staleAnswers(upCalls, "up"),
    ...calls.staleAnswers(downCalls, "teardown"),
    ...calls.inProduction(production.upCalls, "up", productionConfig, upCalls),
    ...calls.inProduction(production.downCalls, "teardown", productionConfig, downCalls),
    ...calls.concurrentRuns(upCalls),
    ...calls.killedTwice(upCalls, Math.ceil(seeds / 10)),
    ...calls.randomFaults(upCalls, seeds),
    ...calls.reordered(),
    ...transientErrors(),
    ...recordedErrors(),
    ...resourceStates(),
    ...drifts(),
    ...deletions(),
    ...productionDrift(productionConfig),
    ...productionDeletion(productionConfig),
    ...foreignOwners(),
    ...configurations(config),
  ];
}
