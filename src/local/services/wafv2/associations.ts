import type * as WAF from "@aws-sdk/client-wafv2";
import { type Handler, LocalFault } from "../../core/service.ts";
import { aclByArn, nonexistentItem, type Waf } from "./acl.ts";
import { aclOf } from "./acls.ts";

const STAGE = /^arn:aws[a-z-]*:apigateway:([^:]+)::\/restapis\/([^/]+)\/stages\/([^/]+)$/;

/** Operations that connect web ACLs with stages. */
export function associationOperations(waf: Waf) {
  const { env, acls, associations } = waf;
  const checkStage = async (arn: string): Promise<void> => {
    const [, region, restApiId, stageName] = STAGE.exec(arn) ?? [];
    if (!region || !restApiId || !stageName)
      throw new LocalFault(
        "WAFInvalidParameterException",
        "Error reason: The ARN isn't that of an API stage, the only kind that the local AWS protects.",
      );
    await env.dispatch("apigateway", "GetStage", { restApiId, stageName }, { region }).catch((error) => {
      associations.delete(arn);
      throw error instanceof LocalFault ? nonexistentItem() : error;
    });
  };
  const associate: Handler<WAF.AssociateWebACLCommandInput, WAF.AssociateWebACLCommandOutput> = async (input) => {
    const acl = aclByArn(waf, input.WebACLArn);
    const arn = input.ResourceArn ?? "";
    await checkStage(arn);
    associations.put(arn, acl.id);
    return {};
  };
  const dissociate: Handler<WAF.DisassociateWebACLCommandInput, WAF.DisassociateWebACLCommandOutput> = async (input) => {
    associations.delete(input.ResourceArn ?? "");
    return {};
  };
  const of: Handler<WAF.GetWebACLForResourceCommandInput, WAF.GetWebACLForResourceCommandOutput> = async (input) => {
    const arn = input.ResourceArn ?? "";
    await checkStage(arn);
    const acl = acls.get(associations.get(arn) ?? "");
    return acl ? { WebACL: aclOf(acl) } : {};
  };
  const list: Handler<WAF.ListResourcesForWebACLCommandInput, WAF.ListResourcesForWebACLCommandOutput> = (input) => {
    const acl = aclByArn(waf, input.WebACLArn);
    return { ResourceArns: associations.entries().flatMap(([arn, id]) => (id === acl.id ? [arn] : [])) };
  };
  return { AssociateWebACL: associate, DisassociateWebACL: dissociate, GetWebACLForResource: of, ListResourcesForWebACL: list };
}
