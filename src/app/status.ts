import type { Tags } from "../engine/contract.ts";
import { otherRegion, ownerOf } from "../engine/decide.ts";
import { observe, type Seen } from "../engine/observe.ts";
import type { ResourceStatus } from "./contract.ts";
import { apiUrl } from "./outputs.ts";
import type { Session } from "./session.ts";

export async function readStatus(session: Session): Promise<readonly ResourceStatus[]> {
  const stack = session.stack();
  const seen = await observe(stack.nodes, session.run(stack), { specs: false });
  return seen.map((item) => statusOf(item, session, stack.tags));
}

function statusOf({ id, node, subject, observation, out }: Seen, session: Session, tags: Tags): ResourceStatus {
  const who = { id, kind: node.kind.kind, name: subject.label };
  if (observation.state === "absent") return { ...who, state: "absent", healthy: false };
  if (ownerOf(observation.tags, session.stackName) !== "ours") return { ...who, state: "foreign", healthy: false };
  const region = otherRegion(observation.tags, tags);
  if (region !== undefined) return { ...who, state: `in ${region}`, healthy: false };
  const { arn, state, address, trouble } = node.kind.describe(observation.live);
  const known = {
    ...who,
    state,
    healthy: observation.state === "ready" && trouble === undefined,
    ...(trouble !== undefined && { trouble }),
    arn,
  };
  return { ...known, address: id === "api.stage" ? apiUrl(session, out as { apiId: string; stage: string }) : address };
}
