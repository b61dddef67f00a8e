import type { Ctx, Observation, Tags } from "../engine/contract.ts";

/** The list form that most services use. */
export const toTagList = (tags: Tags): { Key: string; Value: string }[] => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
export function fromTagList(list: readonly { Key?: string | undefined; Value?: string | undefined }[] | undefined): Tags {
  return Object.fromEntries((list ?? []).map((t) => [t.Key ?? "", t.Value ?? ""]));
}

export const carriesTag = (tags: Tags | undefined, stack: string): boolean => tags?.["fleetlogix:stack"] === stack;

/** Every default name of ours begins so. Where AWS cannot list by tag, only such names are asked for their tags. */
export const mayBeOurs = (name: string | undefined): name is string => /^fleetlogix/i.test(name ?? "");

/** Of those that are not known yet the ones that turn out to carry this stack's tag when they are read. */
export async function owned<Id, World>(
  candidates: readonly Id[],
  isKnown: (id: Id) => boolean,
  read: (id: Id, ctx: Ctx<World>) => Promise<Observation<unknown>>,
  ctx: Ctx<World>,
): Promise<readonly Id[]> {
  const ours: Id[] = [];
  for (const id of candidates.filter((candidate) => !isKnown(candidate))) {
    const seen = await read(id, ctx);
    if (seen.state !== "absent" && seen.tags !== "inherited" && carriesTag(seen.tags, ctx.stack)) ours.push(id);
  }
  return ours;
}
