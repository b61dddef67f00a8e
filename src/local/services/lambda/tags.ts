import type { ListTagsCommandInput, TagResourceCommandInput, UntagResourceCommandInput } from "@aws-sdk/client-lambda";
import type { Call, Operations } from "../../core/service.ts";
import { absent, invalid } from "./faults.ts";
import { reference } from "./reference.ts";
import { type FunctionRecord, keyOf, type Lambda, requireFunction } from "./state.ts";

const MAX_TAGS = 50;
type Tags = Readonly<Record<string, string>>;

export function tagOperations(lambda: Lambda): Operations {
  return {
    TagResource: (input: TagResourceCommandInput, call) => {
      const fn = taggedAt(lambda, input.Resource, call);
      if (Object.keys(input.Tags ?? {}).length === 0) throw invalid("An error occurred and the request cannot be processed.");
      const tags = { ...fn.tags, ...input.Tags };
      checkTags(tags);
      lambda.functions.put(keyOf(fn), { ...fn, tags });
      return {};
    },
    UntagResource: (input: UntagResourceCommandInput, call) => {
      const fn = taggedAt(lambda, input.Resource, call);
      const tags = Object.fromEntries(Object.entries(fn.tags).filter(([key]) => !input.TagKeys?.includes(key)));
      lambda.functions.put(keyOf(fn), { ...fn, tags });
      return {};
    },
    ListTags: (input: ListTagsCommandInput, call) => ({ Tags: { ...taggedAt(lambda, input.Resource, call).tags } }),
  };
}

export function checkTags(tags: Tags): void {
  if (Object.keys(tags).some((key) => key.startsWith("aws:")))
    throw invalid("Tag keys that start with 'aws:' are reserved for system use.");
  if (Object.keys(tags).length > MAX_TAGS) throw invalid("Number of tags exceeds resource tag limit.");
}

/** The other kinds of resources that have tags, with the words with which AWS says that there is none. None is made here. */
const OTHER_KINDS: Readonly<Record<string, string>> = {
  "code-signing-config": "Code signing config",
  "event-source-mapping": "Event source mapping",
  "capacity-provider": "Capacity provider",
  layer: "Layer",
};
function taggedAt(lambda: Lambda, arn: string | undefined, call: Call): FunctionRecord {
  const kind = OTHER_KINDS[arn?.split(":")[5] ?? ""];
  if (kind) throw absent(`${kind} not found: ${arn}`);
  const at = reference(arn, undefined, call);
  if (at.qualifier !== undefined) throw invalid("Tags on function aliases and versions are not supported. Please specify a function ARN.");
  return requireFunction(lambda, at);
}
