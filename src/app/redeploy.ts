import { join } from "node:path";
import { functionBuilder } from "../artifacts/build.ts";
import { packageRoot } from "../artifacts/package-root.ts";
import type { FunctionName } from "../config/config.ts";
import { applyUp } from "./changes.ts";
import type { Redeployer, RunOptions } from "./contract.ts";
import type { Session } from "./session.ts";

const POLICY: RunOptions = { adopt: false, allowDataLoss: [], wait: true };

/**
 * Deploys the functions anew whenever it is asked. What does not compile throws before anything is read or written; only functions
 * whose code differs from what was deployed last are looked at.
 */
export async function redeployer(session: Session, names: readonly FunctionName[]): Promise<Redeployer> {
  const builder = await functionBuilder(names);
  const deployed = new Map<FunctionName, string>();
  return {
    folder: join(packageRoot(), "handlers"),
    async deploy(saved, options = POLICY) {
      const artifacts = await builder.build(saved);
      const changed = names.filter((name) => artifacts.get(name)?.sha256 !== deployed.get(name));
      if (changed.length === 0) return { ok: true, resources: [], error: undefined };
      const result = await applyUp(
        { ...session, artifacts: async () => artifacts },
        { part: "functions", functions: changed },
        options,
        () => {},
      );
      if (result.ok) for (const name of changed) deployed.set(name, artifacts.get(name)?.sha256 ?? "");
      return result;
    },
    close: () => builder.close(),
  };
}
