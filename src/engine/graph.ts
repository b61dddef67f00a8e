import { FleetlogixError } from "../errors.ts";
import type { ResourceNode } from "./contract.ts";

/** The nodes with all their dependencies in topological order. Pure; throws GRAPH_CYCLE or GRAPH_DUPLICATE_ID. */
export function inOrder(
  nodes: readonly ResourceNode[],
  needsOf: (node: ResourceNode) => readonly ResourceNode[] = allNeeds,
): readonly ResourceNode[] {
  const byId = new Map<string, ResourceNode>();
  const path: string[] = [];
  const out: ResourceNode[] = [];
  const visit = (node: ResourceNode): void => {
    if (path.includes(node.id)) throw cycle([...path.slice(path.indexOf(node.id)), node.id]);
    const known = byId.get(node.id);
    if (known === node) return;
    if (known) throw duplicate(node.id);
    byId.set(node.id, node);
    path.push(node.id);
    for (const need of needsOf(node)) visit(need);
    path.pop();
    out.push(node);
  };
  for (const node of new Set(nodes)) visit(node);
  return out;
}

const allNeeds = (node: ResourceNode): readonly ResourceNode[] => Object.values(node.needs);

/** The dependencies whose outputs the node's identity uses. For example, a role is needed to create a function, but not to find it. */
export function identityNeeds(node: ResourceNode): readonly ResourceNode[] {
  const used = new Set<string>();
  const from = new Proxy<Record<string, unknown>>(
    {},
    {
      get: (_target, role) => {
        used.add(String(role));
        return undefined;
      },
    },
  );
  node.identity(from as never);
  return Object.entries(node.needs).flatMap(([role, need]) => (used.has(role) ? [need] : []));
}

/**
 * Priority for a free slot: first slow nodes and their dependencies, then nodes with the most dependants, then the given order. Returns the
 * rank of each id; the lowest goes first.
 */
export function ranks(order: readonly ResourceNode[]): ReadonlyMap<string, number> {
  const dependants = new Map<string, Set<ResourceNode>>(order.map((node) => [node.id, new Set()]));
  for (const node of order.toReversed()) {
    for (const need of Object.values(node.needs)) {
      const those = dependants.get(need.id);
      those?.add(node);
      for (const further of dependants.get(node.id) ?? []) those?.add(further);
    }
  }
  const of = (node: ResourceNode) => [...(dependants.get(node.id) ?? [])];
  const slow = new Map(order.map((node) => [node, [node, ...of(node)].some((n) => n.kind.slow === true) ? 0 : 1]));
  const sorted = order.toSorted((a, b) => (slow.get(a) ?? 1) - (slow.get(b) ?? 1) || of(b).length - of(a).length);
  return new Map(sorted.map((node, index) => [node.id, index]));
}

function cycle(members: readonly string[]): FleetlogixError {
  return new FleetlogixError("GRAPH_CYCLE", `circular dependency: ${members.join(" → ")}`, {
    hint: "Break the circle: let one side look the other up at run time.",
    resource: members[0],
  });
}
function duplicate(id: string): FleetlogixError {
  return new FleetlogixError("GRAPH_DUPLICATE_ID", `two resources are called "${id}"`, { hint: "Give each its own id.", resource: id });
}

/**
 * Walks a graph in parallel. An item starts when every item of `after` is done. When one of those failed, the item and its dependants are
 * skipped. `visit` returns false to skip the dependants. Items that can start together start in the given order. run.ts limits the calls in
 * flight, so that a long wait occupies no slot.
 */
export async function walk<T extends { readonly id: string }>(
  items: readonly T[],
  after: (item: T) => readonly string[],
  visit: (item: T) => Promise<boolean>,
  skip: (item: T, because: readonly string[]) => void,
): Promise<void> {
  const byId = new Map(items.map((item) => [item.id, item]));
  const begun = new Map<string, Promise<boolean>>();
  const reach = (item: T): Promise<boolean> => {
    const running = begun.get(item.id) ?? start(item);
    begun.set(item.id, running);
    return running;
  };
  const start = async (item: T): Promise<boolean> => {
    const before = after(item).flatMap((id) => byId.get(id) ?? []);
    const finished = await Promise.all(before.map(async (b) => ({ id: b.id, ok: await reach(b) })));
    const because = finished.filter((b) => !b.ok).map((b) => b.id);
    if (because.length === 0) return visit(item);
    skip(item, because);
    return false;
  };
  await Promise.all(items.map(reach));
}
