import { FleetlogixError } from "../errors.ts";
import type { ResourceNode } from "./contract.ts";

/** Nodes, with all they need, in an order where every node follows its needs. Pure; throws on a cycle or a duplicate id. */
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

/**
 * The needs without which a node cannot be found: those whose outputs its identity asks for. A role, say, is needed to make a
 * function and not to find it.
 */
export function identityNeeds(node: ResourceNode): readonly ResourceNode[] {
  const asked = new Set<string>();
  const from = new Proxy<Record<string, unknown>>(
    {},
    {
      get: (_target, role) => {
        asked.add(String(role));
        return undefined;
      },
    },
  );
  node.identity(from as never);
  return Object.entries(node.needs).flatMap(([role, need]) => (asked.has(role) ? [need] : []));
}

/**
 * Who gets a free slot first: what is slow or leads to something slow, then what most others wait for, then the order given.
 * Returns the place of each id, 0 first.
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
