import { randomBytes } from "node:crypto";
import type { LifecycleRule, LifecycleRuleFilter } from "@aws-sdk/client-s3";
import { LocalFault } from "../../core/service.ts";

const malformed = (): LocalFault =>
  new LocalFault("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema", 400);
const invalid = (message: string, extra: Readonly<Record<string, unknown>> = {}): LocalFault =>
  new LocalFault("InvalidArgument", message, 400, extra);
const request = (message: string): LocalFault => new LocalFault("InvalidRequest", message, 400);
/** Minimum age in days before an object may move to these storage classes. */
const AFTER_DAYS: Readonly<Record<string, number>> = { STANDARD_IA: 30, ONEZONE_IA: 30 };
const MINIMUM_SIZES: ReadonlySet<string> = new Set(["all_storage_classes_128K", "varies_by_storage_class"]);
const DAY_MS = 86_400_000;

/** The rules as S3 stores them: each with an id. `minimumSize`: the header `x-amz-transition-default-minimum-object-size`. */
export function checkedLifecycle(
  rules: readonly LifecycleRule[] | undefined,
  minimumSize = "all_storage_classes_128K",
): { Rules: LifecycleRule[]; TransitionDefaultMinimumObjectSize: string } {
  if (!rules || rules.length === 0 || rules.length > 1000) throw malformed();
  if (!MINIMUM_SIZES.has(minimumSize)) throw request(`Invalid TransitionDefaultMinimumObjectSize found: ${minimumSize}`);
  for (const rule of rules) checkRule(rule);
  const ids = rules.flatMap((rule) => rule.ID ?? []);
  if (new Set(ids).size < ids.length) throw invalid("Rule ID must be unique. Found same ID for more than one rule");
  return {
    Rules: rules.map((rule) => ({ ...rule, ID: rule.ID ?? randomBytes(24).toString("base64url") })),
    TransitionDefaultMinimumObjectSize: minimumSize,
  };
}

function checkRule(rule: LifecycleRule): void {
  if (rule.Status !== "Enabled" && rule.Status !== "Disabled") throw malformed();
  checkFilter(rule);
  if ((rule.ID ?? "").length > 255) throw invalid("ID length should not exceed allowed limit of 255");
  const { Expiration, Transitions = [], NoncurrentVersionTransitions = [], AbortIncompleteMultipartUpload: abort } = rule;
  const moves = Transitions.length + NoncurrentVersionTransitions.length;
  if (!Expiration && !rule.NoncurrentVersionExpiration && !abort && moves === 0)
    throw request("At least one action needs to be specified in a rule");
  checkExpirations(rule);
  for (const { Days, StorageClass } of Transitions) {
    const least = AFTER_DAYS[StorageClass ?? ""];
    if (least !== undefined && Days !== undefined && Days < least)
      throw invalid(`'Days' in Transition action must be greater than or equal to ${least} for storageClass '${StorageClass}'`);
    if (Days !== undefined && Expiration?.Days !== undefined && Expiration.Days <= Days)
      throw invalid("'Days' in the Expiration action must be greater than 'Days' in the Transition action");
  }
  for (const { Date: date } of Transitions) checkMidnight(date);
}

function checkFilter({ Filter, Prefix }: LifecycleRule): void {
  if ((Filter === undefined) === (Prefix === undefined)) throw malformed();
  if (stated(Filter ?? {}).length > 1) throw malformed();
  if (Filter?.And === undefined) return;
  const { Tags = [] } = Filter.And;
  if (new Set(Tags.map((tag) => tag.Key)).size < Tags.length) throw request("Duplicate Tag Keys are not allowed.");
}
const stated = (values: object): unknown[] => Object.values(values).filter((value) => value !== undefined);

function checkExpirations({ Expiration, NoncurrentVersionExpiration }: LifecycleRule): void {
  if (NoncurrentVersionExpiration && stated(NoncurrentVersionExpiration).length === 0) throw malformed();
  if (!Expiration) return;
  // An expiration has exactly one of `Days`, `Date` and `ExpiredObjectDeleteMarker` (recorded for the last two).
  if (stated(Expiration).length !== 1) throw malformed();
  if (Expiration.Days !== undefined && Expiration.Days <= 0) throw invalid("'Days' for Expiration action must be a positive integer");
  checkMidnight(Expiration.Date);
}
function checkMidnight(date: Date | undefined): void {
  if (date === undefined || date.getTime() % DAY_MS === 0) return;
  throw invalid("'Date' must be at midnight GMT", { ArgumentName: "Date", ArgumentValue: date.toISOString() });
}

/** The attributes of an object that a rule's filter reads. */
interface Filtered {
  readonly key: string;
  readonly size: number;
  readonly modified: number;
  readonly tags: readonly { readonly Key: string; readonly Value: string }[];
}
/** The value of `x-amz-expiration`: the time and the rule by which the object expires; undefined when none applies. */
export function expirationOf(rules: readonly LifecycleRule[], object: Filtered): string | undefined {
  const due = rules
    .filter((rule) => rule.Status === "Enabled" && fits(rule, object))
    .flatMap((rule) => {
      const at = expiryOf(rule, object.modified);
      return at === undefined ? [] : [{ at, id: rule.ID ?? "" }];
    });
  const [first] = due.sort((a, b) => a.at - b.at);
  return first && `expiry-date="${new Date(first.at).toUTCString()}", rule-id="${encodeURIComponent(first.id)}"`;
}
/** S3 rounds the time up to the next midnight. https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html */
function expiryOf({ Expiration }: LifecycleRule, modified: number): number | undefined {
  if (Expiration?.Date !== undefined) return Expiration.Date.getTime();
  if (Expiration?.Days === undefined) return undefined;
  return Math.ceil((modified + Expiration.Days * DAY_MS) / DAY_MS) * DAY_MS;
}
function fits({ Filter, Prefix }: LifecycleRule, object: Filtered): boolean {
  const { And, Tag, ...own } = Filter ?? {};
  const tags = [...(Tag ? [Tag] : []), ...(And?.Tags ?? [])];
  const { Prefix: prefix, ObjectSizeGreaterThan: over, ObjectSizeLessThan: under }: LifecycleRuleFilter = And ?? { Prefix, ...own };
  return (
    object.key.startsWith(prefix ?? "") &&
    tags.every(({ Key, Value }) => object.tags.some((tag) => tag.Key === Key && tag.Value === Value)) &&
    object.size > (over ?? -1) &&
    object.size < (under ?? Number.POSITIVE_INFINITY)
  );
}
