import type { PlannedResource } from "../../app.ts";
import { nameOfKind } from "./kinds.ts";

/** Resources with the same change. */
export interface PlanGroup {
  readonly first: PlannedResource;
  readonly ids: readonly string[];
  /** `24 alarms`, with their `ids`; or a few ids; undefined: one resource, shown with its name. */
  readonly title: string | undefined;
}

/** From so many creates of one kind on, they are shown as one group. Equal changes are one group from two on. */
const ALIKE = { create: 3, update: 2 } as const;

/** One group for each resource, or for all with an equal change, at the position of the first. Pure. */
export function groupsOf(resources: readonly PlannedResource[]): readonly PlanGroup[] {
  const alike = new Map<string, PlannedResource[]>();
  for (const resource of resources) {
    const key = groupKey(resource);
    alike.set(key, [...(alike.get(key) ?? []), resource]);
  }
  return [...alike.values()].flatMap((members) => {
    const action = members[0]?.decision.action;
    const least = action === "create" || action === "update" ? ALIKE[action] : Number.POSITIVE_INFINITY;
    return members.length >= least ? [together(members)] : members.map((first) => ({ first, ids: [first.id], title: undefined }));
  });
}

/** Up to so many ids are listed without a count. */
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

/** The printed text of a resource without its names. */
function groupKey({ id, kind, decision, attributes, orphan }: PlannedResource): string {
  if (orphan || ("notes" in decision && decision.notes)) return id;
  if (decision.action === "create") return JSON.stringify(["create", kind, attributes]);
  // Tags mean the same in each kind; other paths do not.
  if (decision.action !== "update") return id;
  const onlyTags = decision.changes.every(({ path }) => path.startsWith("tags."));
  return JSON.stringify(["update", onlyTags ? "" : kind, decision.changes]);
}
