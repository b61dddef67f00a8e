import type { LocalFault } from "./service.ts";

/** Tags as services store them: values by key. */
export type Tags = Readonly<Record<string, string>>;
interface SdkTag {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}
const MOST = 50;

/** Turns the SDK's list of tags into values by key. The last one of a key counts. */
export const tagsOf = (list: readonly SdkTag[] | undefined): Tags =>
  Object.fromEntries((list ?? []).map(({ Key, Value }) => [Key ?? "", Value ?? ""]));
export const tagList = (tags: Tags): { Key: string; Value: string }[] => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

/** Adds tags to existing ones. `refuse` makes the service's own error for tags that AWS would not accept. */
export function withTags(before: Tags, added: Tags, refuse: (message: string) => LocalFault): Tags {
  if (Object.keys(added).some((key) => /^aws:/i.test(key))) throw refuse("Tag keys that start with aws: are reserved.");
  const tags = { ...before, ...added };
  if (Object.keys(tags).length > MOST) throw refuse(`A resource has at most ${MOST} tags.`);
  return tags;
}
export const withoutTags = (before: Tags, keys: readonly string[] | undefined): Tags =>
  Object.fromEntries(Object.entries(before).filter(([key]) => !keys?.includes(key)));
