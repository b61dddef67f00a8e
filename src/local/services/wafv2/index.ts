import { JSON_REFUSALS } from "../../core/refusals.ts";
import type { LocalEnv, LocalService } from "../../core/service.ts";
import { loadModel, pathOf, validationFault } from "../../core/validation.ts";
import { openWaf } from "./acl.ts";
import { aclOperations } from "./acls.ts";
import { associationOperations } from "./associations.ts";

/** The control plane of web ACLs. API Gateway reads the web ACL of a stage and applies its rate rules to requests. */
export function wafv2Service(env: LocalEnv): LocalService {
  const waf = openWaf(env);
  return {
    name: "wafv2",
    sdk: () => import("@aws-sdk/client-wafv2"),
    model: () => loadModel("wafv2"),
    refusals: JSON_REFUSALS,
    pageTokens: { all: ["NextMarker", "NextMarker"] },
    // unproven: the code. AWS documents both this code and ValidationException for these operations.
    inputRules: { refuse: (found) => validationFault(found, "awsJson1_1", pathOf, "WAFInvalidParameterException") },
    operations: { ...aclOperations(waf), ...associationOperations(waf) },
    permissions: (operation, input, { region, account }) => {
      if (operation === "CreateWebACL")
        return [{ action: "wafv2:CreateWebACL", resource: `arn:aws:wafv2:${region}:${account}:regional/webacl/${input.Name}/*` }];
      const requested = input.WebACLArn ?? input.ResourceARN ?? input.ARN ?? waf.acls.get(String(input.Id))?.arn;
      return [{ action: `wafv2:${operation}`, resource: typeof requested === "string" ? requested : "*" }];
    },
    facts: () => ({ webAcls: waf.acls.size }),
  };
}
