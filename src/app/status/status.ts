import { defined } from "../../defined.ts";
import type { Tags } from "../../engine/contract.ts";
import { otherRegion, ownerOf } from "../../engine/decide.ts";
import { type ObservedNode, observe } from "../../engine/observe.ts";
import { STAGE_ID } from "../../stack-ids.ts";
import type { ResourceStatus } from "../contract.ts";
import { apiUrl } from "../outputs.ts";
import type { Session } from "../session.ts";
import { contentsOf } from "./contents.ts";

/** The live state of every resource. Reads only. */
export async function readStatus(session: Session): Promise<readonly ResourceStatus[]> {
  const stack = session.stack();
  const seen = await observe(stack.nodes, session.run(stack), { specs: false });
  return Promise.all(seen.map((item) => statusOf(item, session, stack.tags)));
}

async function statusOf(seen: ObservedNode, session: Session, tags: Tags): Promise<ResourceStatus> {
  const { id, node, subject, observation, out } = seen;
  const base = { id, kind: node.kind.kind, name: subject.label };
  if (observation.state === "absent") return { ...base, state: "absent", condition: "absent", healthy: false };
  if (ownerOf(observation.tags, session.stackName) !== "ours") return { ...base, state: "foreign", condition: "wrong", healthy: false };
  const region = otherRegion(observation.tags, tags);
  if (region !== undefined) return { ...base, state: `in ${region}`, condition: "wrong", healthy: false };
  const { arn, state, address, trouble, since, bytes, detail } = node.kind.describe(observation.live);
  const problem = trouble ?? (observation.state === "failed" ? observation.reason : undefined);
  const condition = problem !== undefined ? "wrong" : observation.state === "settling" ? "changing" : "ready";
  return {
    ...base,
    ...{ state, condition, healthy: condition === "ready", arn },
    trouble: problem,
    address: id === STAGE_ID ? apiUrl(session, out as { apiId: string; stage: string }) : address,
    ...defined({ since: since?.toISOString(), bytes, detail }),
    ...(await contentsOf(session, seen)),
  };
}
