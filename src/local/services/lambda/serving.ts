import { createHash } from "node:crypto";
import { LocalFault } from "../../core/service.ts";
import { type FunctionRecord, functionAt, type Lambda, type Reference, type Revision, revisionAt } from "./model.ts";

/** The revision that runs a call now. Throws while the function is being made; during an update the old one serves. */
export function servingRevision(lambda: Lambda, at: Reference, requestId: string): { fn: FunctionRecord; revision: Revision } {
  const fn = functionAt(lambda, at);
  const revision = revisionAt(lambda, at, spreadOf(requestId));
  const now = lambda.env.clock.now();
  if (now < revision.activeAt)
    throw new LocalFault(
      "ResourceConflictException",
      "The operation cannot be performed at this time. The function is currently in the following state: Pending",
    );
  return { fn, revision: revision === fn.latest && fn.previous && now < revision.settledAt ? fn.previous : revision };
}
/** A share of the calls by their ids: random enough, and the same in every run with the same ids. */
const spreadOf = (requestId: string): number => createHash("sha256").update(requestId).digest().readUInt32BE(0) / 2 ** 32;
