import { join } from "node:path";
import type { Artifact } from "../artifacts/artifact.ts";
import { functionBuilder } from "../artifacts/build.ts";
import { packageRoot } from "../artifacts/package-root.ts";
import type { FunctionName } from "../config/config.ts";
import { applyUp } from "./changes.ts";
import type { Redeployer, RunOptions, Scope } from "./contract.ts";
import { replaceCode, revisionOf } from "./replace-code.ts";
import type { Session } from "./session.ts";

const POLICY: RunOptions = { adopt: false, allowDataLoss: [], wait: true };

/** A function whose deployed code is known. `revision`: the revision id of Lambda after our last change. */
interface Deployed {
  readonly sha256: string;
  readonly revision: string | undefined;
}

/**
 * Deploys the functions again whenever `deploy` is called. Code that does not compile throws before any read or write. Only functions
 * whose code differs from the last deployment are read. A function that nobody else has changed gets its new code first; the whole
 * deployment follows, corrects all other differences and removes old versions.
 */
export async function redeployer(session: Session, names: readonly FunctionName[]): Promise<Redeployer> {
  const builder = await functionBuilder(names);
  const deployed = new Map<FunctionName, Deployed>();
  const replaced = async (name: FunctionName, artifact: Artifact): Promise<readonly FunctionName[]> => {
    const revision = deployed.get(name)?.revision;
    return revision !== undefined && (await replaceCode(session, name, artifact, revision)) ? [name] : [];
  };
  return {
    folder: join(packageRoot(), "handlers"),
    async deploy(saved, options = POLICY) {
      const artifacts = await builder.build(saved);
      const changed = [...artifacts].filter(([name, { sha256 }]) => sha256 !== deployed.get(name)?.sha256);
      if (changed.length === 0) return { ok: true, functions: [], error: undefined };
      const early = (await Promise.all(changed.map(([name, artifact]) => replaced(name, artifact)))).flat();
      for (const [name] of changed) deployed.delete(name);
      const scope: Scope = { part: "functions", functions: changed.map(([name]) => name) };
      const { ok, resources, error } = await applyUp({ ...session, artifacts: async () => artifacts }, scope, options, () => {});
      const remember = async ([name, artifact]: (typeof changed)[number]) =>
        void deployed.set(name, { sha256: artifact.sha256, revision: await revisionOf(session, name, artifact) });
      if (ok) await Promise.all(changed.map(remember));
      const acted = (name: FunctionName) => resources.some((r) => r.id === `function.${name}` && r.decision.action !== "keep");
      return { ok, functions: changed.flatMap(([name]) => (early.includes(name) || acted(name) ? [name] : [])), error };
    },
    close: () => builder.close(),
  };
}
