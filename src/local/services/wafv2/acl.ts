import { randomUUID } from "node:crypto";
import type { WebACL } from "@aws-sdk/client-wafv2";
import { type Call, type LocalEnv, LocalFault } from "../../core/service.ts";
import type { Collection } from "../../core/store.ts";
import type { Tags } from "../../core/tags.ts";

/** A web ACL in the journal. `acl` is the caller's input, in the SDK's shape. */
export interface AclDocument {
  readonly id: string;
  readonly region: string;
  readonly name: string;
  readonly arn: string;
  /** Changes with every write. A caller with an older token has not seen the present rules. */
  readonly lockToken: string;
  readonly acl: Pick<WebACL, "DefaultAction" | "Description" | "Rules" | "VisibilityConfig">;
  readonly tags: Tags;
}
export interface Waf {
  readonly env: LocalEnv;
  readonly acls: Collection<AclDocument>;
  /** ARN of a protected resource → id of its web ACL. */
  readonly associations: Collection<string>;
}
export const openWaf = (env: LocalEnv): Waf => ({
  env,
  acls: env.store.collection("wafv2.acls"),
  associations: env.store.collection("wafv2.associations"),
});

export const nonexistentItem = (): LocalFault =>
  new LocalFault("WAFNonexistentItemException", "AWS WAF couldn’t perform the operation because your resource doesn’t exist.");
export const newToken = (): string => randomUUID();

export function requireAcl({ acls }: Waf, id: string | undefined, { region }: Call): AclDocument {
  const found = acls.get(id ?? "");
  if (found?.region !== region) throw nonexistentItem();
  return found;
}
export function aclByArn({ acls }: Waf, arn: string | undefined): AclDocument {
  const found = acls.values().find((one) => one.arn === arn);
  if (!found) throw nonexistentItem();
  return found;
}
export function checkToken({ lockToken }: AclDocument, given: string | undefined): void {
  if (given !== lockToken)
    throw new LocalFault(
      "WAFOptimisticLockException",
      "AWS WAF couldn’t save your changes because someone changed the resource after you started to edit it. Reapply your changes.",
    );
}
export function checkScope(scope: string | undefined): void {
  if (scope !== "REGIONAL") throw new LocalFault("NotImplemented", "The local AWS has web ACLs of the scope REGIONAL only (wafv2).", 501);
}

/** Capacity units of AWS's managed groups and of a rate rule, as AWS counts them. Any other statement counts 1. */
const UNITS: Readonly<Record<string, number>> = { AWSManagedRulesCommonRuleSet: 700, AWSManagedRulesKnownBadInputsRuleSet: 200 };
export const capacityOf = (rules: WebACL["Rules"]): number =>
  (rules ?? []).reduce((sum, { Statement }) => {
    const group = Statement?.ManagedRuleGroupStatement?.Name;
    return sum + (group ? (UNITS[group] ?? 100) : Statement?.RateBasedStatement ? 2 : 1);
  }, 0);
