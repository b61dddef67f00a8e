import type {
  ListTagsForResourceCommandInput,
  ListTagsForResourceCommandOutput,
  ListTagsLogGroupCommandInput,
  ListTagsLogGroupCommandOutput,
  TagLogGroupCommandInput,
  TagLogGroupCommandOutput,
  TagResourceCommandInput,
  TagResourceCommandOutput,
  UntagLogGroupCommandInput,
  UntagLogGroupCommandOutput,
  UntagResourceCommandInput,
  UntagResourceCommandOutput,
} from "@aws-sdk/client-cloudwatch-logs";
import { type Handler, LocalFault, type Operations } from "../../core/service.ts";
import { type Group, type Groups, invalid, nameIn } from "./state.ts";

export function checkTags(tags: Readonly<Record<string, string>>): void {
  const keys = Object.keys(tags);
  if (keys.some((key) => key.toLowerCase().startsWith("aws:"))) throw invalid("Tag keys that start with aws: are reserved.");
  if (keys.length > 50) throw new LocalFault("TooManyTagsException", "The resource has too many tags: at most 50.");
}

/** Tag operations by ARN, and by name for older clients. */
export function tagOperations(groups: Groups): Operations {
  const byArn = (region: string, arn: string | undefined): Group => {
    const group = groups.find(region, nameIn(arn ?? ""));
    if (!group || !arn?.startsWith("arn:")) throw new LocalFault("ResourceNotFoundException", "The specified resource does not exist.");
    return group;
  };
  const add = (group: Group, added: Record<string, string> | undefined): void => {
    const tags = { ...group.tags, ...added };
    checkTags(tags);
    groups.put({ ...group, tags });
  };
  const remove = (group: Group, keys: readonly string[] = []): void =>
    groups.put({ ...group, tags: Object.fromEntries(Object.entries(group.tags).filter(([key]) => !keys.includes(key))) });

  const tag: Handler<TagResourceCommandInput, TagResourceCommandOutput> = (input, { region }) => {
    add(byArn(region, input.resourceArn), input.tags);
    return {};
  };
  const untag: Handler<UntagResourceCommandInput, UntagResourceCommandOutput> = (input, { region }) => {
    remove(byArn(region, input.resourceArn), input.tagKeys);
    return {};
  };
  const list: Handler<ListTagsForResourceCommandInput, ListTagsForResourceCommandOutput> = (input, { region }) => ({
    tags: { ...byArn(region, input.resourceArn).tags },
  });
  const tagGroup: Handler<TagLogGroupCommandInput, TagLogGroupCommandOutput> = (input, { region }) => {
    add(groups.require(region, { logGroupName: input.logGroupName }), input.tags);
    return {};
  };
  const untagGroup: Handler<UntagLogGroupCommandInput, UntagLogGroupCommandOutput> = (input, { region }) => {
    remove(groups.require(region, { logGroupName: input.logGroupName }), input.tags);
    return {};
  };
  const listGroup: Handler<ListTagsLogGroupCommandInput, ListTagsLogGroupCommandOutput> = (input, { region }) => ({
    tags: { ...groups.require(region, { logGroupName: input.logGroupName }).tags },
  });
  return {
    TagResource: tag,
    UntagResource: untag,
    ListTagsForResource: list,
    TagLogGroup: tagGroup,
    UntagLogGroup: untagGroup,
    ListTagsLogGroup: listGroup,
  };
}
