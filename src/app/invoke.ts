import { orAbsent } from "../aws/faults.ts";
import type { FunctionName } from "../config/config.ts";
import { toError } from "../engine/errors.ts";
import { FleetlogixError } from "../errors.ts";
import { lambdaFunction } from "../resources/index.ts";
import type { InvokeResult } from "./contract.ts";
import type { Session } from "./session.ts";

const ALIAS = "live";
/** Added to the timeout of the function: for the network and for a cold start. */
const GRACE_MS = 30_000;

/** Calls the deployed function once. There is no retry, because the effect of a failed call is not known. */
export async function invoke(session: Session, name: FunctionName, event: string): Promise<InvokeResult> {
  const { names, timeoutSeconds } = session.config.functions;
  const FunctionName = names[name];
  const lambda = await session.clients.lambda();
  const input = { FunctionName, Qualifier: ALIAS, LogType: "Tail", Payload: new TextEncoder().encode(event) } as const;
  const requestTimeout = timeoutSeconds * 1000 + GRACE_MS;
  const answer = await orAbsent(lambda.invoke(input, { requestTimeout }), "ResourceNotFoundException").catch((error: unknown) => {
    throw toError(error, { id: `function.${name}`, kind: lambdaFunction, label: FunctionName }, session.ports);
  });
  if (!answer) throw notDeployed(FunctionName, `function.${name}`);
  return {
    status: answer.StatusCode ?? 0,
    functionError: answer.FunctionError ?? null,
    payload: answer.Payload?.transformToString() ?? "",
    logTail: Buffer.from(answer.LogResult ?? "", "base64").toString("utf8"),
    version: answer.ExecutedVersion ?? "",
  };
}

export function notDeployed(name: string, resource: string): FleetlogixError {
  return new FleetlogixError("NOT_DEPLOYED", `The function "${name}" does not exist yet.`, {
    hint: "Run `fleetlogix deploy-lambdas` or `fleetlogix up` first.",
    resource,
  });
}
