import type { Artifact } from "../artifacts/artifact.ts";
import type { FunctionName } from "../config/config.ts";
import { ownerOf } from "../engine/decide.ts";
import { ALIAS } from "../stack/naming.ts";
import type { Session } from "./session.ts";

/**
 * Revision id of a function that belongs to this stack and has the code of `artifact`. Lambda changes the id with each change of the
 * function. undefined: the function is foreign or has other code, or its last update has not finished.
 */
export async function revisionOf(session: Session, name: FunctionName, artifact: Artifact): Promise<string | undefined> {
  try {
    const lambda = await session.clients.lambda();
    const { Configuration, Tags } = await lambda.getFunction({ FunctionName: session.config.functions.names[name] });
    const finished = Configuration?.LastUpdateStatus === "Successful" && Configuration.CodeSha256 === artifact.sha256;
    return finished && ownerOf(Tags ?? {}, session.stackName) === "ours" ? Configuration.RevisionId : undefined;
  } catch {
    // Without the id the next deployment reads everything first.
    return undefined;
  }
}

/**
 * Uploads new code and points the alias to it, without a read: three calls. Lambda refuses the upload when the function has changed
 * since `revision`. False: callers still get the old code, and a complete deployment has to follow. On AWS the upload usually continues
 * in the background, and the complete deployment waits for it.
 */
export async function replaceCode(session: Session, name: FunctionName, { zip, sha256 }: Artifact, revision: string): Promise<boolean> {
  const FunctionName = session.config.functions.names[name];
  try {
    const lambda = await session.clients.lambda();
    const updated = await lambda.updateFunctionCode({ FunctionName, ZipFile: zip, RevisionId: revision });
    if (updated.LastUpdateStatus !== "Successful") return false;
    const { Version } = await lambda.publishVersion({ FunctionName, CodeSha256: sha256 });
    if (Version === undefined) return false;
    await lambda.updateAlias({ FunctionName, Name: ALIAS, FunctionVersion: Version });
    return true;
  } catch {
    return false;
  }
}
