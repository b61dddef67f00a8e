import type { Observation, ResourceNode } from "./contract.ts";
import { type Decision, decide, pending, type Spec } from "./decide.ts";
import { identityNeeds, inOrder, ranks } from "./graph.ts";
import { known } from "./problems.ts";
import type { Run, Subject } from "./run.ts";
import { lookForTags, TAG_LAG } from "./settle.ts";
import { walk } from "./walk.ts";

/** One node of the stack as it was found. */
export interface Seen {
  readonly id: string;
  readonly node: ResourceNode;
  readonly subject: Subject;
  readonly spec: Spec;
  readonly observation: Observation<unknown>;
  /** What its dependants may use: live or foretold; undefined when neither can be had. */
  readonly out: unknown;
}

/**
 * Reads the live world, upstream first, as parallel as the slots allow. The only effect of planning; everything after it is pure.
 * `specs: false` leaves out what things should be: status, outputs and teardown need only what is there.
 * `needs: "identity"` reads, beside the nodes, only those without which they cannot be found.
 */
export async function observe(
  nodes: readonly ResourceNode[],
  run: Run,
  options: { readonly specs: boolean; readonly needs?: "all" | "identity" },
): Promise<readonly Seen[]> {
  const order = options.needs === "identity" ? inOrder(nodes, identityNeeds) : inOrder(nodes);
  const rank = ranks(order);
  const seen = new Map<string, Seen>();
  const failures: unknown[] = [];
  const one = async (node: ResourceNode): Promise<boolean> => {
    try {
      seen.set(node.id, await observeOne(node, (id) => seen.get(id)?.out, rank.get(node.id) ?? 0, run, options.specs));
      return true;
    } catch (error) {
      failures.push(known(error, { id: node.id, kind: node.kind, label: node.id }, run.ports));
      return false;
    }
  };
  const first = order.toSorted((a, b) => (rank.get(a.id) ?? 0) - (rank.get(b.id) ?? 0));
  await walk(first, needsOf, one, () => {});
  if (failures.length > 0) throw failures[0];
  return order.flatMap((node) => seen.get(node.id) ?? []);
}

async function observeOne(node: ResourceNode, outOf: (id: string) => unknown, rank: number, run: Run, specs: boolean): Promise<Seen> {
  const from = outputsFor(node, outOf);
  const subject = subjectOf(node, from, rank);
  const missing = Object.entries(node.needs).flatMap(([role, need]) => (from[role] === undefined ? [need.id] : []));
  const spec = specs ? specOf(node, from, missing) : { known: false as const, after: missing };
  const observation = await lookForTags(subject, run, TAG_LAG.found);
  return { id: node.id, node, subject, spec, observation, out: outOfSeen(subject, observation, run) };
}

function specOf(node: ResourceNode, from: Readonly<Record<string, unknown>>, missing: readonly string[]): Spec {
  if (missing.length === 0) return { known: true, value: node.spec(from as never) };
  const guessed = Object.entries(node.needs).map(([role, need]) => [role, from[role] ?? pendingOutputs(need.id)]);
  try {
    return { known: false, after: missing, guess: node.spec(Object.fromEntries(guessed) as never) };
  } catch {
    // It works with the form of a value that is missing.
    return { known: false, after: missing };
  }
}
/** Outputs of which each is pending. */
const pendingOutputs = (need: string): unknown =>
  new Proxy({}, { get: (_none, name) => (typeof name === "string" ? pending(need) : undefined) });

export const needsOf = (node: ResourceNode): readonly string[] => Object.values(node.needs).map((need) => need.id);

/** What a node may know of its needs; what neither exists nor can be foretold is left out. */
export function outputsFor(node: ResourceNode, outOf: (id: string) => unknown): Readonly<Record<string, unknown>> {
  const known = Object.entries(node.needs).map(([role, need]) => [role, outOf(need.id)] as const);
  return Object.fromEntries(known.filter(([, out]) => out !== undefined));
}

export function subjectOf(node: ResourceNode, from: Readonly<Record<string, unknown>>, rank: number): Subject {
  const identity = node.identity(from as never);
  const label = identity === undefined ? node.id : node.kind.label(identity);
  return { id: node.id, kind: node.kind, identity, label, rank };
}

function outOfSeen(subject: Subject, seen: Observation<unknown>, run: Run): unknown {
  if (seen.state !== "absent") return subject.kind.outputs(seen.live);
  return subject.identity === undefined ? undefined : subject.kind.predict?.(subject.identity, run.ctx.place);
}

export const decisionOn = (seen: Seen, run: Pick<Run, "ctx" | "policy">): Decision =>
  decide(seen.subject, seen.spec, seen.observation, run.ctx, run.policy);
