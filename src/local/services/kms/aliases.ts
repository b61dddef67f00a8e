import type * as KMS from "@aws-sdk/client-kms";
import { type Call, type Handler, LocalFault } from "../../core/service.ts";
import { withoutTags } from "../../core/tags.ts";
import { type AliasDocument, aliasKey, checkedPolicy, type Kms, keyAt, liveKeyAt, notFound, page, tagged } from "./key.ts";

export function aliasOperations(kms: Kms) {
  const { env, aliases } = kms;
  const create: Handler<KMS.CreateAliasCommandInput, KMS.CreateAliasCommandOutput> = (input, call) => {
    const name = checkedName(input.AliasName ?? "");
    const key = liveKeyAt(kms, input.TargetKeyId, call);
    const arn = `arn:aws:kms:${call.region}:${call.account}:${name}`;
    if (aliases.has(aliasKey(call.region, name)))
      throw new LocalFault("AlreadyExistsException", `An alias with the name ${arn} already exists`);
    const now = env.clock.now();
    aliases.put(aliasKey(call.region, name), { name, region: call.region, arn, keyId: key.id, createdAt: now, updatedAt: now });
    return {};
  };
  const update: Handler<KMS.UpdateAliasCommandInput, KMS.UpdateAliasCommandOutput> = (input, call) => {
    const alias = aliasAt(kms, input.AliasName, call);
    const key = liveKeyAt(kms, input.TargetKeyId, call);
    aliases.put(aliasKey(call.region, alias.name), { ...alias, keyId: key.id, updatedAt: env.clock.now() });
    return {};
  };
  const remove: Handler<KMS.DeleteAliasCommandInput, KMS.DeleteAliasCommandOutput> = (input, call) => {
    aliases.delete(aliasKey(call.region, aliasAt(kms, input.AliasName, call).name));
    return {};
  };
  const list: Handler<KMS.ListAliasesCommandInput, KMS.ListAliasesCommandOutput> = (input, call) => {
    const of = input.KeyId === undefined ? undefined : keyAt(kms, input.KeyId, call).id;
    const all = aliases.values().filter(({ region, keyId }) => region === call.region && (of === undefined || keyId === of));
    const { items, more } = page(
      all.sort((a, b) => (a.name < b.name ? -1 : 1)),
      input,
    );
    return {
      Aliases: items.map(({ name, arn, keyId, createdAt, updatedAt }) => ({
        AliasName: name,
        AliasArn: arn,
        TargetKeyId: keyId,
        CreationDate: new Date(createdAt),
        LastUpdatedDate: new Date(updatedAt),
      })),
      ...more,
    };
  };
  return {
    CreateAlias: create,
    UpdateAlias: update,
    DeleteAlias: remove,
    ListAliases: list,
    ...policyOperations(kms),
    ...tagOperations(kms),
  };
}

function checkedName(name: string): string {
  if (name.startsWith("alias/aws/"))
    throw new LocalFault("NotAuthorizedException", "Aliases beginning with alias/aws/ are reserved for AWS.");
  if (!/^alias\/[a-zA-Z0-9/_-]{1,250}$/.test(name)) throw new LocalFault("InvalidAliasNameException", `Invalid alias name: ${name}`);
  return name;
}
function aliasAt({ aliases }: Kms, name: string | undefined, { region, account }: Call): AliasDocument {
  const found = aliases.get(aliasKey(region, name ?? ""));
  if (!found) throw notFound(`Alias arn:aws:kms:${region}:${account}:${name} is not found.`);
  return found;
}

/** A key has one policy, with the name `default`. */
function policyOperations(kms: Kms) {
  const put: Handler<KMS.PutKeyPolicyCommandInput, KMS.PutKeyPolicyCommandOutput> = (input, call) => {
    const key = liveKeyAt(kms, input.KeyId, call);
    kms.keys.put(key.id, { ...key, policy: checkedPolicy(input.Policy ?? "") });
    return {};
  };
  const get: Handler<KMS.GetKeyPolicyCommandInput, KMS.GetKeyPolicyCommandOutput> = (input, call) => {
    if ((input.PolicyName ?? "default") !== "default") throw notFound("No such policy exists");
    return { Policy: keyAt(kms, input.KeyId, call).policy, PolicyName: "default" };
  };
  const list: Handler<KMS.ListKeyPoliciesCommandInput, KMS.ListKeyPoliciesCommandOutput> = (input, call) => {
    keyAt(kms, input.KeyId, call);
    return { PolicyNames: ["default"], Truncated: false };
  };
  return { PutKeyPolicy: put, GetKeyPolicy: get, ListKeyPolicies: list };
}

function tagOperations(kms: Kms) {
  const tag: Handler<KMS.TagResourceCommandInput, KMS.TagResourceCommandOutput> = (input, call) => {
    const key = liveKeyAt(kms, input.KeyId, call);
    kms.keys.put(key.id, { ...key, tags: tagged(key.tags, input.Tags) });
    return {};
  };
  const untag: Handler<KMS.UntagResourceCommandInput, KMS.UntagResourceCommandOutput> = (input, call) => {
    const key = liveKeyAt(kms, input.KeyId, call);
    kms.keys.put(key.id, { ...key, tags: withoutTags(key.tags, input.TagKeys) });
    return {};
  };
  const list: Handler<KMS.ListResourceTagsCommandInput, KMS.ListResourceTagsCommandOutput> = (input, call) => {
    const all = Object.entries(keyAt(kms, input.KeyId, call).tags).map(([TagKey, TagValue]) => ({ TagKey, TagValue }));
    const { items, more } = page(all, { Limit: 50, ...input });
    return { Tags: items, ...more };
  };
  return { TagResource: tag, UntagResource: untag, ListResourceTags: list };
}
