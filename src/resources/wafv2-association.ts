import { arnAt } from "../aws/access.ts";
import { differences } from "../aws/changes.ts";
import type { AwsClients } from "../aws/clients.ts";
import type { ResourceKind } from "../engine/contract.ts";

export interface WebAclAssociationId {
  /** ARN of the API's stage. */
  readonly stageArn: string;
}
export interface WebAclAssociationSpec {
  readonly aclArn: string;
}
interface WebAclAssociationLive {
  readonly stageArn: string;
  readonly aclArn: string;
}

/** The web ACL of a stage. A stage has one at most. */
export const wafv2Association: ResourceKind<WebAclAssociationId, WebAclAssociationSpec, WebAclAssociationLive, object, AwsClients> = {
  kind: "wafv2.association",
  holdsData: false,
  settle: { timeoutMs: 300_000, pollMs: 2_000 },
  notFound: { provenBy: "wafv2:GetWebACLForResource", codes: ["WAFNonexistentItemException"] },
  // Parts of WAF do not see a new web ACL or stage at once.
  retries: [{ class: "propagation", codes: ["WAFUnavailableEntityException"] }],

  access: {
    on: ({ stageArn }, place) => [stageArn, arnAt(place, "wafv2", "regional/webacl/*")],
    read: ["wafv2:GetWebACL"],
    write: ["apigateway:SetWebACL", "wafv2:AssociateWebACL"],
    delete: ["apigateway:SetWebACL"],
    everywhere: { read: ["wafv2:GetWebACLForResource"], write: ["wafv2:DisassociateWebACL"], delete: ["wafv2:DisassociateWebACL"] },
  },
  label: ({ stageArn }) => `web ACL of the stage ${stageArn.slice(stageArn.lastIndexOf("/") + 1)}`,
  diff: (spec, live) => differences({ webAcl: [live.aclArn, spec.aclArn] }),
  outputs: () => ({}),
  predict: () => ({}),
  describe: ({ aclArn }) => ({ arn: aclArn, state: "associated" }),

  async read({ stageArn }, ctx) {
    const { WebACL } = await (await ctx.world.wafv2()).getWebACLForResource({ ResourceArn: stageArn });
    return WebACL ? { state: "ready", live: { stageArn, aclArn: WebACL.ARN ?? "" }, tags: "inherited" } : { state: "absent" };
  },
  async create({ stageArn }, { aclArn }, ctx) {
    await (await ctx.world.wafv2()).associateWebACL({ ResourceArn: stageArn, WebACLArn: aclArn });
  },
  // Replaces the present association.
  async update({ stageArn }, { aclArn }, _live, _changes, ctx) {
    await (await ctx.world.wafv2()).associateWebACL({ ResourceArn: stageArn, WebACLArn: aclArn });
  },
  async delete({ stageArn }, _live, _how, ctx) {
    await (await ctx.world.wafv2()).disassociateWebACL({ ResourceArn: stageArn });
  },
};
