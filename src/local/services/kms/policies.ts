import type * as KMS from "@aws-sdk/client-kms";
import type { Handler } from "../../core/service.ts";
import { type Kms, notFound, requireChangeableKey, requireKey } from "./key.ts";
import { checkedPolicy } from "./key-policy.ts";

/** A key has one policy, with the name `default`. */
export function policyOperations(kms: Kms) {
  const put: Handler<KMS.PutKeyPolicyCommandInput, KMS.PutKeyPolicyCommandOutput> = (input, call) => {
    const key = requireChangeableKey(kms, input.KeyId, call);
    kms.keys.put(key.id, { ...key, policy: checkedPolicy(input.Policy ?? "") });
    return {};
  };
  const get: Handler<KMS.GetKeyPolicyCommandInput, KMS.GetKeyPolicyCommandOutput> = (input, call) => {
    if ((input.PolicyName ?? "default") !== "default") throw notFound("No such policy exists");
    return { Policy: requireKey(kms, input.KeyId, call).policy, PolicyName: "default" };
  };
  const list: Handler<KMS.ListKeyPoliciesCommandInput, KMS.ListKeyPoliciesCommandOutput> = (input, call) => {
    requireKey(kms, input.KeyId, call);
    return { PolicyNames: ["default"], Truncated: false };
  };
  return { PutKeyPolicy: put, GetKeyPolicy: get, ListKeyPolicies: list };
}
