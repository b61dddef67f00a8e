import { createHash } from "node:crypto";
import { conflict } from "./faults.ts";
import type { Reference } from "./reference.ts";
import { type FunctionRecord, type Lambda, type Revision, requireFunction, requireRevision } from "./state.ts";

/** The revision that serves a call now. During an update it is the previous one. Throws while the function is Pending. */
export function servingRevision(lambda: Lambda, at: Reference, requestId: string): { fn: FunctionRecord; revision: Revision } {
  const fn = requireFunction(lambda, at);
  const revision = requireRevision(lambda, at, spreadOf(requestId));
  const now = lambda.env.clock.now();
  if (now < revision.activeAt)
    throw conflict("The operation cannot be performed at this time. The function is currently in the following state: Pending");
  return { fn, revision: revision === fn.latest && fn.previous && now < revision.settledAt ? fn.previous : revision };
}
/** A number from 0 to 1 from the hash of the request id: evenly spread, and reproducible. */
const spreadOf = (requestId: string): number => createHash("sha256").update(requestId).digest().readUInt32BE(0) / 2 ** 32;
