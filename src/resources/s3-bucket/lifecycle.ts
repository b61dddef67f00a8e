import type { LifecycleRule } from "@aws-sdk/client-s3";
import { differences } from "../../aws/changes.ts";
import type { Change } from "../../engine/contract.ts";
import { oneLine } from "../../printable.ts";
import type { BucketSpec } from "./types.ts";

const ABORT_UPLOADS_AFTER_DAYS = 7;

export function rulesOf(spec: BucketSpec): LifecycleRule[] {
  const { archive, expireDays } = spec;
  return [
    ...(archive ? [archiving(archive)] : []),
    {
      ID: "noncurrent-versions",
      Status: "Enabled",
      Filter: { Prefix: "" },
      NoncurrentVersionExpiration: { NoncurrentDays: spec.noncurrentExpireDays },
      // S3 refuses both members in one rule. An expiration also removes the delete markers.
      Expiration: expireDays === undefined ? { ExpiredObjectDeleteMarker: true } : { Days: expireDays },
    },
    {
      ID: "aborted-uploads",
      Status: "Enabled",
      Filter: { Prefix: "" },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: ABORT_UPLOADS_AFTER_DAYS },
    },
  ];
}
const archiving = ({ prefix: Prefix, afterDays: Days }: NonNullable<BucketSpec["archive"]>): LifecycleRule => ({
  ID: "archive",
  Status: "Enabled",
  Filter: { Prefix },
  Transitions: [{ Days, StorageClass: "GLACIER" }],
});
/** One change for each rule, by its id, so that a plan names each foreign rule that it removes. */
export function ruleChanges(current: readonly LifecycleRule[], wanted: readonly LifecycleRule[]): readonly Change[] {
  const ruleWith = (rules: readonly LifecycleRule[], id: string | undefined) => rules.find(({ ID }) => ID === id);
  const foreign = current.filter(({ ID }) => ruleWith(wanted, ID) === undefined);
  return [
    ...wanted.flatMap((rule) => {
      const live = ruleWith(current, rule.ID);
      return differences({ [`lifecycle.${rule.ID}`]: [live && ruleForm(live), ruleForm(rule)] });
    }),
    ...foreign.map((rule): Change => {
      const id = oneLine(rule.ID ?? "(without a name)");
      return { path: `lifecycle.${id}`, from: `rule ${id} (not ours): ${JSON.stringify(rule)}`, to: "removed" };
    }),
  ];
}
/** An empty filter, an empty prefix and the old prefix member of a rule mean the same. */
function ruleForm({ Filter, Prefix, ...rule }: LifecycleRule): object {
  const prefix = Filter?.Prefix ?? Prefix;
  return { ...rule, Filter: { ...Filter, Prefix: prefix === "" ? undefined : prefix } };
}
