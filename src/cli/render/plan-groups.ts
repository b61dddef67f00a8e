import type { PlannedResource } from "../../app.ts";
import { nameOfKind } from "./kinds.ts";

/** Resources to which the same thing happens. */
export interface PlanGroup {
  readonly first: PlannedResource;
  readonly ids: readonly string[];
  /** `24 alarms`, with their `ids`; or the few ids themselves; undefined: one resource, which has its own name. */
  readonly title: string | undefined;
}

/** So many of one kind that are made alike are told once. A change that is repeated is told once from two on. */
const ALIKE = { create: 3, update: 2 } as const;

/** One group for each resource, or for all those whose change reads the same; each stands where its first one stood. Pure. */
export function groupsOf(resources: readonly PlannedResource[]): readonly PlanGroup[] {
  const alike = new Map<string, PlannedResource[]>();
  for (const resource of resources) {
    const key = keyOf(resource);
    alike.set(key, [...(alike.get(key) ?? []), resource]);
  }
  return [...alike.values()].flatMap((members) => {
    const action = members[0]?.decision.action;
    const least = action === "create" || action === "update" ? ALIKE[action] : Number.POSITIVE_INFINITY;
    return members.length >= least ? [together(members)] : members.map((first) => ({ first, ids: [first.id], title: undefined }));
  });
}

/** So many are named at once, without their count. */
const FEW = 4;
function together(members: readonly PlannedResource[]): PlanGroup {
  const [first] = members as readonly [PlannedResource];
  const isOneKind = members.every(({ kind }) => kind === first.kind);
  const ids = members.map(({ id }) => id);
  if (ids.length <= FEW) return { first, ids: [], title: ids.join(", ") };
  return {
    first,
    ids,
    title: isOneKind ? nameOfKind(first.kind, members.length) : `${members.length} resources`,
  };
}

/** What would be printed of it, its names aside. */
function keyOf({ id, kind, decision, attributes, orphan }: PlannedResource): string {
  if (orphan || ("notes" in decision && decision.notes)) return id;
  if (decision.action === "create") return JSON.stringify(["create", kind, attributes]);
  // How the kinds compare is the same for all that carry tags; other paths mean something else in each kind.
  if (decision.action !== "update") return id;
  const onlyTags = decision.changes.every(({ path }) => path.startsWith("tags."));
  return JSON.stringify(["update", onlyTags ? "" : kind, decision.changes]);
}
