import { FleetlogixError } from "../../../src/errors.ts";
import { dishonest, errorOf, touched, written } from "../invariants/invariants.ts";
import { difference, snapshot } from "../invariants/snapshot.ts";
import { makeWorld, type World } from "./fixture.ts";
import { again, type Check, type Reference, run, type Scenario, type Stage } from "./lifecycle.ts";
import { LOGS, type Tagging, taggings } from "./stack.ts";

/** F18: something with our names belongs to somebody else. */

const OURS = { "fleetlogix:stack": "FleetLogix/dev", "fleetlogix:region": "us-east-1" };
const TAGS = { Project: "FleetLogix", Environment: "dev", ManagedBy: "fleetlogix", ...OURS };
const MAKERS: readonly (readonly [string, (tagging: Tagging, world: World) => Promise<unknown>])[] = [
  ["carries no tag of ours", (tagging, world) => tagging.remove(world, Object.keys(TAGS))],
  ["belongs to another stack", (tagging, world) => tagging.set(world, { "fleetlogix:stack": "Other/prod" })],
];

export function foreign(): readonly Scenario[] {
  return [
    ...MAKERS.flatMap(([name, make]) =>
      taggings(LOGS).map(
        (tagging): Scenario => ({
          name: `F18 ${tagging.id} ${name}`,
          play: (stage, check) => inFinishedStack(stage, (world, wanted) => strange(world, stage, wanted, check, tagging, make)),
        }),
      ),
    ),
    {
      name: "F18 the bucket belongs to another account",
      play: (stage, check) => inFinishedStack(stage, (world) => anotherAccounts(world, check)),
    },
  ];
}

async function inFinishedStack(stage: Stage, play: (world: World, wanted: Reference) => Promise<void>): Promise<void> {
  const wanted = await stage.reference(stage.setting.config);
  const world = await makeWorld(stage.setting, wanted.stack);
  try {
    await play(world, wanted);
  } finally {
    await world.close();
  }
}

/** Refused before any write; a teardown takes ours and leaves it as it is; given back, it goes like everything else. */
async function strange(
  world: World,
  { setting }: Stage,
  wanted: Reference,
  check: Check,
  tagging: Tagging,
  make: (tagging: Tagging, world: World) => Promise<unknown>,
): Promise<void> {
  const ours = world.documents();
  await make(tagging, world);
  const theirs = new Map([...world.documents()].filter(([key, value]) => JSON.stringify(ours.get(key)) !== JSON.stringify(value)));
  check("I5", theirs.size === 0 ? "nothing was made strange" : undefined);
  await refused(world, check);
  check("I5", written(world.faults.calls()));
  await left(world, check, tagging.id);
  check("I5", touched(new Map([...world.foreign, ...theirs]), world.documents(), world.faults.calls()));
  await tagging.set(world, TAGS);
  check("I2", await again(world, "teardown", { concurrency: 4 }, setting.config));
  check("I4", difference(wanted.down, snapshot(world.documents(), world.foreign)));
}

async function anotherAccounts(world: World, check: Check): Promise<void> {
  world.faults.clear();
  world.faults.add({ service: "s3", operation: "HeadBucket", times: null, fault: { kind: "fail", code: "Forbidden", status: 403 } });
  await refused(world, check, false);
  check("I5", written(world.faults.calls()));
}

async function refused(world: World, check: Check, clear = true): Promise<void> {
  if (clear) world.faults.clear();
  const ending = await run(await world.start(4), "up", world);
  check("I10", dishonest(ending));
  const error = errorOf(ending);
  const foreign = error instanceof FleetlogixError && error.code === "OWNER_FOREIGN" && error.exit === 4;
  check("I5", foreign ? undefined : `up does not refuse what is foreign: ${String(error)}`);
}

/** A teardown leaves it, says so, and does not stumble over it. */
async function left(world: World, check: Check, id: string): Promise<void> {
  const ending = await run(await world.start(4), "teardown", world);
  check("I10", dishonest(ending));
  check("I2", errorOf(ending) === undefined ? undefined : `teardown stumbles over it: ${String(errorOf(ending))}`);
  const decision = ending.result?.resources.find((resource) => resource.id === id)?.decision;
  check("I5", decision?.action === "refuse" ? undefined : `teardown does not tell what is foreign: ${JSON.stringify(decision)}`);
}
