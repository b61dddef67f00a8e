import { randomUUID } from "node:crypto";
import type * as WAF from "@aws-sdk/client-wafv2";
import { type Handler, LocalFault } from "../../core/service.ts";
import { tagList, tagsOf, withoutTags, withTags } from "../../core/tags.ts";
import { type AclDocument, aclByArn, capacityOf, checkScope, checkToken, newToken, requireAcl, type Waf } from "./acl.ts";

export function aclOperations(waf: Waf) {
  const { acls } = waf;
  const create: Handler<WAF.CreateWebACLCommandInput, WAF.CreateWebACLCommandOutput> = (input, { region, account }) => {
    checkScope(input.Scope);
    const name = input.Name ?? "";
    if (!/^[\w-]{1,128}$/.test(name))
      throw new LocalFault("WAFInvalidParameterException", "Error reason: The name contains characters that are not allowed.");
    if (acls.values().some((one) => one.region === region && one.name === name))
      throw new LocalFault(
        "WAFDuplicateItemException",
        "AWS WAF couldn’t perform the operation because some resource in your request is a duplicate.",
      );
    checkRules(input);
    const id = randomUUID();
    const arn = `arn:aws:wafv2:${region}:${account}:regional/webacl/${name}/${id}`;
    const document: AclDocument = {
      id,
      region,
      name,
      arn,
      lockToken: newToken(),
      acl: settingsOf(input),
      tags: withTags({}, tagsOf(input.Tags), refusedTag),
    };
    acls.put(id, document);
    return { Summary: summaryOf(document) };
  };
  const update: Handler<WAF.UpdateWebACLCommandInput, WAF.UpdateWebACLCommandOutput> = (input, call) => {
    checkScope(input.Scope);
    const found = requireAcl(waf, input.Id, call);
    checkToken(found, input.LockToken);
    checkRules(input);
    const lockToken = newToken();
    acls.put(found.id, { ...found, acl: settingsOf(input), lockToken });
    return { NextLockToken: lockToken };
  };
  const remove: Handler<WAF.DeleteWebACLCommandInput, WAF.DeleteWebACLCommandOutput> = (input, call) => {
    checkScope(input.Scope);
    const found = requireAcl(waf, input.Id, call);
    checkToken(found, input.LockToken);
    if (waf.associations.values().includes(found.id))
      throw new LocalFault(
        "WAFAssociatedItemException",
        "AWS WAF couldn’t perform the operation because your resource is being used by another resource or it’s associated with another resource.",
      );
    acls.delete(found.id);
    return {};
  };
  return { CreateWebACL: create, UpdateWebACL: update, DeleteWebACL: remove, ...readOperations(waf), ...tagOperations(waf) };
}

function readOperations(waf: Waf) {
  const get: Handler<WAF.GetWebACLCommandInput, WAF.GetWebACLCommandOutput> = (input, call) => {
    const found = input.ARN === undefined ? requireAcl(waf, input.Id, call) : aclByArn(waf, input.ARN);
    return { WebACL: aclOf(found), LockToken: found.lockToken };
  };
  const list: Handler<WAF.ListWebACLsCommandInput, WAF.ListWebACLsCommandOutput> = (input, { region }) => {
    checkScope(input.Scope);
    const all = waf.acls
      .values()
      .filter((one) => one.region === region)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const rest = input.NextMarker === undefined ? all : all.filter((one) => one.name > (input.NextMarker ?? ""));
    const items = rest.slice(0, input.Limit ?? 100);
    return { WebACLs: items.map(summaryOf), ...(items.length < rest.length && { NextMarker: items.at(-1)?.name }) };
  };
  return { GetWebACL: get, ListWebACLs: list };
}

const settingsOf = (input: WAF.UpdateWebACLCommandInput | WAF.CreateWebACLCommandInput): AclDocument["acl"] => ({
  DefaultAction: input.DefaultAction,
  Description: input.Description,
  Rules: input.Rules ?? [],
  VisibilityConfig: input.VisibilityConfig,
});
const summaryOf = ({ id, name, arn, lockToken, acl }: AclDocument): WAF.WebACLSummary => ({
  Name: name,
  Id: id,
  Description: acl.Description ?? "",
  LockToken: lockToken,
  ARN: arn,
});
export const aclOf = ({ id, name, arn, acl }: AclDocument): WAF.WebACL => ({
  ...acl,
  Name: name,
  Id: id,
  ARN: arn,
  Capacity: capacityOf(acl.Rules),
  ManagedByFirewallManager: false,
  LabelNamespace: `awswaf:${arn.split(":")[4]}:webacl:${name}:`,
});

function checkRules({ Rules = [] }: WAF.UpdateWebACLCommandInput | WAF.CreateWebACLCommandInput): void {
  const invalidParameter = (reason: string): LocalFault => new LocalFault("WAFInvalidParameterException", `Error reason: ${reason}`);
  if (new Set(Rules.map((rule) => rule.Priority)).size < Rules.length) throw invalidParameter("Two rules have the same priority.");
  if (new Set(Rules.map((rule) => rule.Name)).size < Rules.length) throw invalidParameter("Two rules have the same name.");
  for (const { Statement, Action, OverrideAction } of Rules) {
    const group = Statement?.ManagedRuleGroupStatement !== undefined;
    if (group ? OverrideAction === undefined : Action === undefined)
      throw invalidParameter(`You have used none or multiple values for a field that requires exactly one value.`);
    const limit = Statement?.RateBasedStatement?.Limit;
    if (limit !== undefined && (limit < 10 || limit > 2_000_000_000)) throw invalidParameter("The limit of a rate is out of range.");
  }
}

const refusedTag = (message: string): LocalFault => new LocalFault("WAFTagOperationException", message);
function tagOperations(waf: Waf) {
  const tag: Handler<WAF.TagResourceCommandInput, WAF.TagResourceCommandOutput> = (input) => {
    const found = aclByArn(waf, input.ResourceARN);
    waf.acls.put(found.id, { ...found, tags: withTags(found.tags, tagsOf(input.Tags), refusedTag) });
    return {};
  };
  const untag: Handler<WAF.UntagResourceCommandInput, WAF.UntagResourceCommandOutput> = (input) => {
    const found = aclByArn(waf, input.ResourceARN);
    waf.acls.put(found.id, { ...found, tags: withoutTags(found.tags, input.TagKeys) });
    return {};
  };
  const list: Handler<WAF.ListTagsForResourceCommandInput, WAF.ListTagsForResourceCommandOutput> = (input) => {
    const { arn, tags } = aclByArn(waf, input.ResourceARN);
    return { TagInfoForResource: { ResourceARN: arn, TagList: tagList(tags) } };
  };
  return { TagResource: tag, UntagResource: untag, ListTagsForResource: list };
}
