import type * as KMS from "@aws-sdk/client-kms";
import type { Handler } from "../../core/service.ts";
import { withoutTags } from "../../core/tags.ts";
import { addTags, type Kms, page, requireChangeableKey, requireKey } from "./key.ts";

export function tagOperations(kms: Kms) {
  const tag: Handler<KMS.TagResourceCommandInput, KMS.TagResourceCommandOutput> = (input, call) => {
    const key = requireChangeableKey(kms, input.KeyId, call);
    kms.keys.put(key.id, { ...key, tags: addTags(key.tags, input.Tags) });
    return {};
  };
  const untag: Handler<KMS.UntagResourceCommandInput, KMS.UntagResourceCommandOutput> = (input, call) => {
    const key = requireChangeableKey(kms, input.KeyId, call);
    kms.keys.put(key.id, { ...key, tags: withoutTags(key.tags, input.TagKeys) });
    return {};
  };
  const list: Handler<KMS.ListResourceTagsCommandInput, KMS.ListResourceTagsCommandOutput> = (input, call) => {
    const all = Object.entries(requireKey(kms, input.KeyId, call).tags).map(([TagKey, TagValue]) => ({ TagKey, TagValue }));
    const { items, nextPage } = page(all, { Limit: 50, ...input });
    return { Tags: items, ...nextPage };
  };
  return { TagResource: tag, UntagResource: untag, ListResourceTags: list };
}
