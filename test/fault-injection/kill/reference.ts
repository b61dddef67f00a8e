import type { Documents } from "../invariants/documents.ts";
import type { UndisturbedStates } from "../invariants/order.ts";
import { leaveSentinels } from "../invariants/sentinels.ts";
import { startFixture } from "./fixture.ts";
import { runUndisturbed, stateOf } from "./observed.ts";
import type { PassingCall } from "./proxy.ts";

export const UP = ["up", "--json"] as const;
export const DOWN = ["teardown", "--delete-data", "--yes", "--json"] as const;

/** Undisturbed runs of `up` and `teardown`, with which every scenario is compared. */
export interface Reference extends UndisturbedStates {
  readonly upCalls: readonly PassingCall[];
  readonly downCalls: readonly PassingCall[];
  readonly foreign: Documents;
  /** Data folder of a local AWS with a finished stack and sentinels in it. */
  readonly data: string;
}
export const writesOf = (calls: readonly PassingCall[]): readonly PassingCall[] => calls.filter((call) => call.write);

export async function makeReference(data: string): Promise<Reference> {
  const first = await startFixture();
  const foreign = first.documents();
  await runUndisturbed(first, UP);
  const upCalls = first.proxy.calls();
  const up = stateOf(first, foreign);
  await leaveSentinels(first.holders);
  await first.saveTo(data);
  const second = await startFixture({ from: data });
  try {
    await runUndisturbed(second, DOWN);
    return { upCalls, downCalls: second.proxy.calls(), up, down: stateOf(second, foreign), foreign, data };
  } finally {
    await second.close();
  }
}
