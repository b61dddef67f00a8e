import { FleetlogixError } from "../../../src/errors.ts";
import { dishonestEnd, errorOf, foreignChanged, writesMade } from "../invariants/invariants.ts";
import { difference, snapshot } from "../invariants/snapshot.ts";
import type { Check } from "../report.ts";
import { type Fixture, startFixture } from "./fixture.ts";
import { type CampaignContext, type Reference, rerun, runCommand, type Scenario } from "./lifecycle.ts";
import { LOGS, type Tagging, taggings } from "./stack.ts";

/** F18: a resource with one of our names belongs to somebody else. */

const OURS = { "fleetlogix:stack": "FleetLogix/dev", "fleetlogix:region": "us-east-1" };
const TAGS = { Project: "FleetLogix", Environment: "dev", ManagedBy: "fleetlogix", ...OURS };
const OWNERS: readonly (readonly [string, (tagging: Tagging, fixture: Fixture) => Promise<unknown>])[] = [
  ["carries no tag of ours", (tagging, fixture) => tagging.remove(fixture, Object.keys(TAGS))],
  ["belongs to another stack", (tagging, fixture) => tagging.set(fixture, { "fleetlogix:stack": "Other/prod" })],
];

export function foreignOwners(): readonly Scenario[] {
  return [
    ...OWNERS.flatMap(([name, make]) =>
      taggings(LOGS).map(
        (tagging): Scenario => ({
          name: `F18 ${tagging.id} ${name}`,
          play: (context, check) =>
            inFinishedStack(context, (fixture, expected) => playForeignOwner(fixture, context, expected, check, tagging, make)),
        }),
      ),
    ),
    {
      name: "F18 the bucket belongs to another account",
      play: (context, check) => inFinishedStack(context, (fixture) => playOtherAccount(fixture, check)),
    },
  ];
}

async function inFinishedStack(context: CampaignContext, play: (fixture: Fixture, expected: Reference) => Promise<void>): Promise<void> {
  const expected = await context.reference(context.setting.config);
  const fixture = await startFixture(context.setting, expected.stack);
  try {
    await play(fixture, expected);
  } finally {
    await fixture.close();
  }
}

/** `up` refuses before any write; a teardown deletes ours and leaves the foreign one; with our tags again it is deleted, too. */
async function playForeignOwner(
  fixture: Fixture,
  { setting }: CampaignContext,
  expected: Reference,
  check: Check,
  tagging: Tagging,
  make: (tagging: Tagging, fixture: Fixture) => Promise<unknown>,
): Promise<void> {
  const stackDocuments = fixture.documents();
  await make(tagging, fixture);
  const foreign = new Map(
    [...fixture.documents()].filter(([key, value]) => JSON.stringify(stackDocuments.get(key)) !== JSON.stringify(value)),
  );
  check("I5", foreign.size === 0 ? "no document was changed" : undefined);
  await expectRefusal(fixture, check);
  check("I5", writesMade(fixture.faults.calls()));
  await expectLeftAlone(fixture, check, tagging.id);
  check("I5", foreignChanged(new Map([...fixture.foreign, ...foreign]), fixture.documents(), fixture.faults.calls()));
  await tagging.set(fixture, TAGS);
  check("I2", await rerun(fixture, "teardown", { concurrency: 4 }, setting.config));
  check("I4", difference(expected.down, snapshot(fixture.documents(), fixture.foreign)));
}

async function playOtherAccount(fixture: Fixture, check: Check): Promise<void> {
  fixture.faults.clear();
  fixture.faults.add({ service: "s3", operation: "HeadBucket", times: null, fault: { kind: "fail", code: "Forbidden", status: 403 } });
  await expectRefusal(fixture, check, false);
  check("I5", writesMade(fixture.faults.calls()));
}

async function expectRefusal(fixture: Fixture, check: Check, clear = true): Promise<void> {
  if (clear) fixture.faults.clear();
  const ending = await runCommand(await fixture.start(4), "up", fixture);
  check("I10", dishonestEnd(ending));
  const error = errorOf(ending);
  const foreign = error instanceof FleetlogixError && error.code === "OWNER_FOREIGN" && error.exit === 4;
  check("I5", foreign ? undefined : `up does not refuse the foreign resource: ${String(error)}`);
}

/** A teardown leaves the foreign resource, reports it and does not fail. */
async function expectLeftAlone(fixture: Fixture, check: Check, id: string): Promise<void> {
  const ending = await runCommand(await fixture.start(4), "teardown", fixture);
  check("I10", dishonestEnd(ending));
  check("I2", errorOf(ending) === undefined ? undefined : `teardown fails because of it: ${String(errorOf(ending))}`);
  const decision = ending.result?.resources.find((resource) => resource.id === id)?.decision;
  check("I5", decision?.action === "refuse" ? undefined : `teardown does not report the foreign resource: ${JSON.stringify(decision)}`);
}
