import { randomBytes } from "node:crypto";
import type { LifecycleRule } from "@aws-sdk/client-s3";
import { LocalFault } from "../../core/service.ts";

const malformed = (): LocalFault =>
  new LocalFault("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema", 400);
const invalid = (message: string): LocalFault => new LocalFault("InvalidArgument", message, 400);
const request = (message: string): LocalFault => new LocalFault("InvalidRequest", message, 400);
/** Storage classes in which an object must have been for some days before it may move on. */
const AFTER_DAYS: Readonly<Record<string, number>> = { STANDARD_IA: 30, ONEZONE_IA: 30 };

/** The rules as S3 stores them: each with an id. */
export function checkedLifecycle(rules: readonly LifecycleRule[] | undefined): {
  Rules: LifecycleRule[];
  TransitionDefaultMinimumObjectSize: string;
} {
  if (!rules || rules.length === 0 || rules.length > 1000) throw malformed();
  for (const rule of rules) checkRule(rule);
  const ids = rules.flatMap((rule) => rule.ID ?? []);
  if (new Set(ids).size < ids.length) throw invalid("Rule ID must be unique. Found same ID for more than one rule");
  return {
    Rules: rules.map((rule) => ({ ...rule, ID: rule.ID ?? randomBytes(24).toString("base64url") })),
    TransitionDefaultMinimumObjectSize: "all_storage_classes_128K",
  };
}

function checkRule(rule: LifecycleRule): void {
  if (rule.Status !== "Enabled" && rule.Status !== "Disabled") throw malformed();
  if (rule.Filter === undefined && rule.Prefix === undefined) throw malformed();
  const kinds = Object.values(rule.Filter ?? {}).filter((value) => value !== undefined).length;
  if (kinds > 1) throw malformed();
  if ((rule.ID ?? "").length > 255) throw invalid("ID length should not exceed allowed limit of 255");
  const {
    Expiration,
    Transitions = [],
    NoncurrentVersionExpiration,
    NoncurrentVersionTransitions = [],
    AbortIncompleteMultipartUpload,
  } = rule;
  if (
    !Expiration &&
    !NoncurrentVersionExpiration &&
    !AbortIncompleteMultipartUpload &&
    Transitions.length + NoncurrentVersionTransitions.length === 0
  )
    throw request("At least one action needs to be specified in a rule");
  if (Expiration?.Days !== undefined && Expiration.Days <= 0) throw invalid("'Days' for Expiration action must be a positive integer");
  for (const { Days, StorageClass } of Transitions) {
    const least = AFTER_DAYS[StorageClass ?? ""];
    if (least !== undefined && Days !== undefined && Days < least)
      throw invalid(`'Days' in Transition action must be greater than or equal to ${least} for storageClass '${StorageClass}'`);
    if (Days !== undefined && Expiration?.Days !== undefined && Expiration.Days <= Days)
      throw invalid("'Days' in the Expiration action must be greater than 'Days' in the Transition action");
  }
}
