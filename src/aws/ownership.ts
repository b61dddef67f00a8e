import type { Tags } from "../engine/contract.ts";

/** Tags as the list that most services use. */
export const toTagList = (tags: Tags): { Key: string; Value: string }[] => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
export function fromTagList(list: readonly { Key?: string | undefined; Value?: string | undefined }[] | undefined): Tags {
  return Object.fromEntries((list ?? []).map((t) => [t.Key ?? "", t.Value ?? ""]));
}

export const carriesTag = (tags: Tags | undefined, stack: string): boolean => tags?.["fleetlogix:stack"] === stack;

/** All our default names begin with this prefix. Where AWS cannot list by tag, only resources with such names are read. */
export const mayBeOurs = (name: string | undefined): name is string => /^fleetlogix/i.test(name ?? "");
