import type { CreateWebACLCommandInput, Rule, VisibilityConfig, WebACL } from "@aws-sdk/client-wafv2";
import { arnAt } from "../aws/access.ts";
import { type Attributes, type AttributeValues, allWrites, attributeChanges, member, readAttributes, writesOf } from "../aws/attributes.ts";
import { changedTags } from "../aws/changes.ts";
import type { AwsClients } from "../aws/clients.ts";
import { fromTagList, mayBeOurs, toTagList } from "../aws/ownership.ts";
import { collect, pagesOf } from "../aws/pages.ts";
import type { WAFV2 } from "../aws/sdk/types.ts";
import type { ResourceKind } from "../engine/contract.ts";

export interface WebAclId {
  readonly name: string;
}
export interface WebAclSpec {
  readonly description: string;
  /** Limit of calls from one address in five minutes. WAF blocks the address while it is above the limit. AWS accepts 10 or more. */
  readonly ratePerAddress: number;
}
interface WebAclLive {
  readonly id: string;
  readonly arn: string;
  readonly attributes: AttributeValues;
}
export interface WebAclOutputs {
  readonly arn: string;
}

/** Web ACLs of APIs belong to a region; CLOUDFRONT is the other scope. */
const Scope = "REGIONAL" as const;
const WINDOW_SECONDS = 300;

export const wafv2WebAcl: ResourceKind<WebAclId, WebAclSpec, WebAclLive, WebAclOutputs, AwsClients> = {
  kind: "wafv2.web-acl",
  holdsData: false,
  settle: { timeoutMs: 120_000, pollMs: 1_000 },
  notFound: { provenBy: undefined, codes: ["WAFNonexistentItemException"] },
  alreadyExists: ["WAFDuplicateItemException"],
  retries: [
    // Another run changed it after the read, or it is still associated with a stage.
    { class: "busy", codes: ["WAFOptimisticLockException", "WAFAssociatedItemException"] },
    // A part of WAF does not see the new item yet.
    { class: "propagation", codes: ["WAFUnavailableEntityException", "WAFTagOperationInternalErrorException"] },
  ],

  access: {
    on: ({ name }, place) => [`webacl/${name}/*`, "managedruleset/*"].map((part) => arnAt(place, "wafv2", `regional/${part}`)),
    read: ["wafv2:GetWebACL", "wafv2:ListTagsForResource"],
    write: ["wafv2:CreateWebACL", "wafv2:TagResource", "wafv2:UpdateWebACL"],
    delete: ["wafv2:DeleteWebACL", "wafv2:ListResourcesForWebACL"],
    everywhere: { read: ["wafv2:ListWebACLs"] },
  },
  label: ({ name }) => name,
  diff: (spec, live) => attributeChanges(ATTRIBUTES, live.attributes, spec, live),
  outputs: ({ arn }) => ({ arn }),
  describe: ({ arn }) => ({ arn, state: "ready" }),

  async read({ name }, ctx) {
    const waf = await ctx.world.wafv2();
    const found = (await summaries(waf)).find((one) => one.Name === name);
    if (!found) return { state: "absent" };
    const { WebACL = {} } = await waf.getWebACL({ Scope, Name: name, Id: found.Id });
    const { TagInfoForResource } = await waf.listTagsForResource({ ResourceARN: found.ARN });
    const live = { id: found.Id ?? "", arn: found.ARN ?? "", attributes: readAttributes(ATTRIBUTES, WebACL) };
    return { state: "ready", live, tags: fromTagList(TagInfoForResource?.TagList) };
  },
  async create({ name: Name }, spec, ctx) {
    const waf = await ctx.world.wafv2();
    await waf.createWebACL({ Name, Scope, ...settingsOf(spec), Tags: toTagList(ctx.tags) });
  },
  /** UpdateWebACL replaces all settings. */
  async update({ name: Name }, spec, live, changes, ctx) {
    const waf = await ctx.world.wafv2();
    const { id: Id, arn } = live;
    if (writesOf(ATTRIBUTES, changes, spec, live).length > 0) {
      const { LockToken } = await waf.getWebACL({ Scope, Name, Id });
      await waf.updateWebACL({ Name, Scope, Id, LockToken, ...settingsOf(spec) });
    }
    const tags = changedTags(changes);
    if (tags) await waf.tagResource({ ResourceARN: arn, Tags: toTagList(tags) });
  },
  // WAF deletes no associated web ACL. The association of an orphan is no node of the stack, so it is removed here.
  async delete({ name: Name }, { id: Id, arn: WebACLArn }, _how, ctx) {
    const waf = await ctx.world.wafv2();
    const { ResourceArns = [] } = await waf.listResourcesForWebACL({ WebACLArn, ResourceType: "API_GATEWAY" });
    for (const ResourceArn of ResourceArns) await waf.disassociateWebACL({ ResourceArn });
    const { LockToken } = await waf.getWebACL({ Scope, Name, Id });
    await waf.deleteWebACL({ Name, Scope, Id, LockToken });
  },
  async candidates(ctx) {
    return (await summaries(await ctx.world.wafv2())).flatMap(({ Name: name }) => (mayBeOurs(name) ? [{ name }] : []));
  },
};

type Settings = Pick<CreateWebACLCommandInput, "Description" | "DefaultAction" | "Rules" | "VisibilityConfig">;
const setting = member<WebAclSpec, Partial<WebACL>, Settings>();
const ATTRIBUTES: Attributes<WebAclSpec, unknown, [found: Partial<WebACL>], Partial<Settings>> = {
  description: setting("Description", (spec) => spec.description, ""),
  defaultAction: {
    read: (found) => (found.DefaultAction?.Allow === undefined ? "block" : "allow"),
    wanted: () => "allow",
    write: () => ({ DefaultAction: { Allow: {} } }),
  },
  rules: {
    read: (found) => (found.Rules ?? []).map(ruleForm),
    wanted: (spec) => rulesOf(spec).map(ruleForm),
    write: (spec) => ({ Rules: rulesOf(spec) }),
  },
  metrics: setting("VisibilityConfig", () => visibility("fleetlogix-api")),
};
const settingsOf = (spec: WebAclSpec) => allWrites(ATTRIBUTES, spec) as Settings;
const visibility = (MetricName: string): VisibilityConfig => ({ SampledRequestsEnabled: true, CloudWatchMetricsEnabled: true, MetricName });

/** AWS's common rules block bodies above 8 KB. Batches and planned routes are larger, and the API has limits of its own. */
const COUNTED: Readonly<Record<string, readonly string[]>> = { AWSManagedRulesCommonRuleSet: ["SizeRestrictions_BODY"] };
function rulesOf({ ratePerAddress }: WebAclSpec): Rule[] {
  const managed = (group: string, Priority: number): Rule => ({
    Name: group,
    Priority,
    OverrideAction: { None: {} },
    Statement: {
      ManagedRuleGroupStatement: {
        VendorName: "AWS",
        Name: group,
        RuleActionOverrides: (COUNTED[group] ?? []).map((Name) => ({ Name, ActionToUse: { Count: {} } })),
      },
    },
    VisibilityConfig: visibility(group),
  });
  return [
    {
      Name: "rate-per-address",
      Priority: 0,
      Action: { Block: {} },
      Statement: { RateBasedStatement: { Limit: ratePerAddress, EvaluationWindowSec: WINDOW_SECONDS, AggregateKeyType: "IP" } },
      VisibilityConfig: visibility("rate-per-address"),
    },
    managed("AWSManagedRulesCommonRuleSet", 1),
    managed("AWSManagedRulesKnownBadInputsRuleSet", 2),
  ];
}
/** The action of a rule is an empty member (`Block: {}`), which the comparison ignores, so its name is compared. */
const ruleForm = ({ Action, OverrideAction, ...rule }: Rule) => ({
  ...rule,
  action: Object.keys(Action ?? {}),
  overrideAction: Object.keys(OverrideAction ?? {}),
});
function summaries(waf: WAFV2) {
  const pages = pagesOf(
    (NextMarker?: string) => waf.listWebACLs({ Scope, Limit: 100, NextMarker }),
    (page) => page.NextMarker,
  );
  return collect(pages, (page) => page.WebACLs);
}
