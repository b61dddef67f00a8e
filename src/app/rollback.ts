import type { FunctionName } from "../config/config.ts";
import { ownerOf } from "../engine/decide.ts";
import { observe } from "../engine/observe.ts";
import { FleetlogixError } from "../errors.ts";
import { ALIAS } from "../stack/naming.ts";
import { BUCKET_ID } from "../stack-ids.ts";
import type { Rollback } from "./contract.ts";
import { notDeployed } from "./invoke.ts";
import { holdLock } from "./locking.ts";
import type { Session } from "./session.ts";

/**
 * Points the alias of each function to an earlier published version: the given one, otherwise the previous one. Nothing is deleted,
 * and the next `up` or `deploy-lambdas` points it to the newest version. All functions are read before the first alias changes.
 */
export async function rollBack(
  session: Session,
  names: readonly FunctionName[],
  version: string | undefined,
): Promise<readonly Rollback[]> {
  const stack = session.stack();
  const nodes = stack.nodes.filter(({ id }) => id === BUCKET_ID || names.some((name) => id === `function.${name}`));
  const seen = await observe(nodes, session.run(stack), { specs: false, needs: "identity" });
  for (const name of names) {
    const found = seen.find(({ id }) => id === `function.${name}`);
    const isOurs = found && found.observation.state !== "absent" && ownerOf(found.observation.tags, session.stackName) === "ours";
    if (!isOurs) throw notDeployed(session.config.functions.names[name], `function.${name}`);
  }
  const lock = await holdLock(session, seen, "deploy-lambdas");
  try {
    const steps = await Promise.all(names.map((name) => stepOf(session, name, version)));
    for (const step of steps) await move(session, step);
    return steps;
  } finally {
    await lock.release();
  }
}

async function stepOf(session: Session, name: FunctionName, wanted: string | undefined): Promise<Rollback> {
  const functionName = session.config.functions.names[name];
  const lambda = await session.clients.lambda();
  const present = await session.ask(`the alias of ${name}`, () => lambda.getAlias({ FunctionName: functionName, Name: ALIAS }));
  const versions = await session.ask(`the versions of ${name}`, async () => {
    const found: string[] = [];
    for await (const page of lambda.paginateListVersionsByFunction({ FunctionName: functionName }))
      found.push(...(page.Versions ?? []).flatMap(({ Version }) => (Version && Version !== "$LATEST" ? [Version] : [])));
    return found.toSorted((a, b) => Number(b) - Number(a));
  });
  const from = present.FunctionVersion ?? "";
  const to = wanted ?? versions.find((version) => Number(version) < Number(from));
  if (to !== undefined && versions.includes(to) && to !== from) return { function: name, from, to };
  const others = versions.filter((version) => version !== from);
  throw new FleetlogixError("NOT_DEPLOYED", unfit(functionName, from, to), {
    hint:
      others.length > 0
        ? `There are the versions ${others.join(", ")}.`
        : "There is no other version yet: each deployment of changed code creates one.",
    resource: `function.${name}`,
  });
}

function unfit(name: string, from: string, to: string | undefined): string {
  if (to === undefined) return `${name} has no version before ${from}.`;
  return to === from ? `${name} serves version ${from} already.` : `${name} has no version ${to}.`;
}

async function move(session: Session, { function: name, to }: Rollback): Promise<void> {
  const lambda = await session.clients.lambda();
  const input = {
    FunctionName: session.config.functions.names[name],
    Name: ALIAS,
    FunctionVersion: to,
    RoutingConfig: { AdditionalVersionWeights: {} },
  };
  await session.ask(`the alias of ${name}`, () => lambda.updateAlias(input));
}
