import type * as KMS from "@aws-sdk/client-kms";
import { type Call, type Handler, LocalFault } from "../../core/service.ts";
import { type AliasDocument, aliasKey, type Kms, notFound, page, requireChangeableKey, requireKey } from "./key.ts";

export function aliasOperations(kms: Kms) {
  const { env, aliases } = kms;
  const create: Handler<KMS.CreateAliasCommandInput, KMS.CreateAliasCommandOutput> = (input, call) => {
    const name = checkedName(input.AliasName ?? "");
    const key = requireChangeableKey(kms, input.TargetKeyId, call);
    const arn = `arn:aws:kms:${call.region}:${call.account}:${name}`;
    if (aliases.has(aliasKey(call.region, name)))
      throw new LocalFault("AlreadyExistsException", `An alias with the name ${arn} already exists`);
    const now = env.clock.now();
    aliases.put(aliasKey(call.region, name), { name, region: call.region, arn, keyId: key.id, createdAt: now, updatedAt: now });
    return {};
  };
  const update: Handler<KMS.UpdateAliasCommandInput, KMS.UpdateAliasCommandOutput> = (input, call) => {
    const alias = requireAlias(kms, input.AliasName, call);
    const key = requireChangeableKey(kms, input.TargetKeyId, call);
    aliases.put(aliasKey(call.region, alias.name), { ...alias, keyId: key.id, updatedAt: env.clock.now() });
    return {};
  };
  const remove: Handler<KMS.DeleteAliasCommandInput, KMS.DeleteAliasCommandOutput> = (input, call) => {
    aliases.delete(aliasKey(call.region, requireAlias(kms, input.AliasName, call).name));
    return {};
  };
  const list: Handler<KMS.ListAliasesCommandInput, KMS.ListAliasesCommandOutput> = (input, call) => {
    const targetKeyId = input.KeyId === undefined ? undefined : requireKey(kms, input.KeyId, call).id;
    const all = aliases
      .values()
      .filter(({ region, keyId }) => region === call.region && (targetKeyId === undefined || keyId === targetKeyId));
    const { items, nextPage } = page(
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
      ...nextPage,
    };
  };
  return { CreateAlias: create, UpdateAlias: update, DeleteAlias: remove, ListAliases: list };
}

function checkedName(name: string): string {
  if (!name.startsWith("alias/"))
    throw new LocalFault(
      "ValidationException",
      'Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html',
    );
  if (name.startsWith("alias/aws/"))
    throw new LocalFault("NotAuthorizedException", "Aliases beginning with alias/aws/ are reserved for AWS.");
  if (!/^alias\/[a-zA-Z0-9/_-]{1,250}$/.test(name)) throw new LocalFault("InvalidAliasNameException", `Invalid alias name: ${name}`);
  return name;
}
function requireAlias({ aliases }: Kms, name: string | undefined, { region, account }: Call): AliasDocument {
  const found = aliases.get(aliasKey(region, name ?? ""));
  if (!found) throw notFound(`Alias arn:aws:kms:${region}:${account}:${name} is not found.`);
  return found;
}
