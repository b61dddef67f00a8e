import type { Observation, ResourceNode } from "./contract.ts";
import { type Decision, decide, pending, type Spec } from "./decide.ts";
import { toError } from "./errors.ts";
import { identityNeeds, inOrder, ranks, walk } from "./graph.ts";
import type { EngineRun, Subject } from "./run.ts";
import { readTagged, TAG_LAG } from "./wait.ts";

/** One node of the stack with its live state. */
export interface ObservedNode {
  readonly id: string;
  readonly node: ResourceNode;
  readonly subject: Subject;
  readonly spec: Spec;
  readonly observation: Observation<unknown>;
  /** Outputs for its dependants, live or predicted; undefined when neither is possible. */
  readonly out: unknown;
}

/**
 * Reads the live state, dependencies first, with as many calls in flight as the slots allow. This is the only effect of planning. `specs:
 * false` omits the desired state, because status, outputs and teardown do not need it. `needs: "identity"` reads, in addition to the nodes,
 * only the dependencies that their identity uses.
 */
export async function observe(
  nodes: readonly ResourceNode[],
  run: EngineRun,
  options: { readonly specs: boolean; readonly needs?: "all" | "identity" },
): Promise<readonly ObservedNode[]> {
  const order = options.needs === "identity" ? inOrder(nodes, identityNeeds) : inOrder(nodes);
  const rank = ranks(order);
  const seen = new Map<string, ObservedNode>();
  const failures: unknown[] = [];
  const observeInOrder = async (node: ResourceNode): Promise<boolean> => {
    try {
      seen.set(node.id, await observeOne(node, (id) => seen.get(id)?.out, rank.get(node.id) ?? 0, run, options.specs));
      return true;
    } catch (error) {
      failures.push(toError(error, { id: node.id, kind: node.kind, label: node.id }, run.ports));
      return false;
    }
  };
  const first = order.toSorted((a, b) => (rank.get(a.id) ?? 0) - (rank.get(b.id) ?? 0));
  await walk(first, needsOf, observeInOrder, () => {});
  if (failures.length > 0) throw failures[0];
  return order.flatMap((node) => seen.get(node.id) ?? []);
}

async function observeOne(
  node: ResourceNode,
  outOf: (id: string) => unknown,
  rank: number,
  run: EngineRun,
  specs: boolean,
): Promise<ObservedNode> {
  const from = outputsFor(node, outOf);
  const subject = subjectOf(node, from, rank);
  const missing = Object.entries(node.needs).flatMap(([role, need]) => (from[role] === undefined ? [need.id] : []));
  const spec = specs ? specOf(node, from, missing) : { known: false as const, after: missing };
  const observation = await readTagged(subject, run, TAG_LAG.found);
  return { id: node.id, node, subject, spec, observation, out: outOfSeen(subject, observation, run) };
}

function specOf(node: ResourceNode, from: Readonly<Record<string, unknown>>, missing: readonly string[]): Spec {
  if (missing.length === 0) return { known: true, value: node.spec(from as never) };
  const guessed = Object.entries(node.needs).map(([role, need]) => [role, from[role] ?? pendingOutputs(need.id)]);
  try {
    return { known: false, after: missing, guess: node.spec(Object.fromEntries(guessed) as never) };
  } catch {
    // `spec` parsed a value that is still missing.
    return { known: false, after: missing };
  }
}
/** Placeholder for the outputs of a node that does not exist. Each output is pending. */
const pendingOutputs = (need: string): unknown =>
  new Proxy({}, { get: (_none, name) => (typeof name === "string" ? pending(need) : undefined) });

export const needsOf = (node: ResourceNode): readonly string[] => Object.values(node.needs).map((need) => need.id);

/** Outputs of a node's dependencies, by role. Outputs that are neither live nor predictable are left out. */
export function outputsFor(node: ResourceNode, outOf: (id: string) => unknown): Readonly<Record<string, unknown>> {
  const known = Object.entries(node.needs).map(([role, need]) => [role, outOf(need.id)] as const);
  return Object.fromEntries(known.filter(([, out]) => out !== undefined));
}

export function subjectOf(node: ResourceNode, from: Readonly<Record<string, unknown>>, rank: number): Subject {
  const identity = node.identity(from as never);
  const label = identity === undefined ? node.id : node.kind.label(identity);
  return { id: node.id, kind: node.kind, identity, label, rank };
}

function outOfSeen(subject: Subject, seen: Observation<unknown>, run: EngineRun): unknown {
  if (seen.state !== "absent") return subject.kind.outputs(seen.live);
  return subject.identity === undefined ? undefined : subject.kind.predict?.(subject.identity, run.ctx.place);
}

export const decisionOn = (seen: ObservedNode, run: Pick<EngineRun, "ctx" | "policy">): Decision =>
  decide(seen.subject, seen.spec, seen.observation, run.ctx, run.policy);
