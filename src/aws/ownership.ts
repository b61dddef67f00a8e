import type { Tags } from "../engine/contract.ts";

/** The list form that most services use. */
export const toTagList = (tags: Tags): { Key: string; Value: string }[] => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
export function fromTagList(list: readonly { Key?: string | undefined; Value?: string | undefined }[] | undefined): Tags {
  return Object.fromEntries((list ?? []).map((t) => [t.Key ?? "", t.Value ?? ""]));
}

export const carriesTag = (tags: Tags | undefined, stack: string): boolean => tags?.["fleetlogix:stack"] === stack;

/** Every default name of ours begins so. Where AWS cannot list by tag, only such names are asked for their tags. */
export const mayBeOurs = (name: string | undefined): name is string => /^fleetlogix/i.test(name ?? "");
