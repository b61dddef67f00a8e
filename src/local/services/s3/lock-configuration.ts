import type { ObjectLockConfiguration } from "@aws-sdk/client-s3";
import { LocalFault } from "../../core/service.ts";
import { thawOnce } from "./documents.ts";
import type { Bucket } from "./state.ts";
import type { Lock } from "./version.ts";

const DAY_MS = 86_400_000;
/** The longest default retention. https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html */
const MOST_YEARS = 100;
const malformed = (): LocalFault =>
  new LocalFault("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema", 400);

/** Throws AWS's error for an Object Lock configuration that S3 does not accept. */
export function checkedLockConfiguration(value: ObjectLockConfiguration, bucket: Bucket): ObjectLockConfiguration {
  if (value.ObjectLockEnabled !== "Enabled") throw malformed();
  if (value.Rule !== undefined) {
    const { Mode, Days, Years } = value.Rule.DefaultRetention ?? {};
    if (Mode === undefined || (Days === undefined) === (Years === undefined)) throw malformed();
    const period = Days ?? Years ?? 0;
    const most = Days === undefined ? MOST_YEARS : MOST_YEARS * 365;
    // AWS's answer: https://github.com/versity/versitygw/issues/1738 (ceph's s3-tests expect a code that AWS does not have).
    if (period <= 0 || period > most)
      throw new LocalFault(
        "InvalidArgument",
        period <= 0 ? "Default retention period must be a positive integer value." : "Default retention period too large.",
        400,
        { ArgumentName: Days === undefined ? "Years" : "Days" },
      );
  }
  if (bucket.versioning === "Enabled") return value;
  throw new LocalFault("InvalidBucketState", "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration", 409);
}

/** The retention that the bucket gives to a new object. */
export function defaultRetention(bucket: Bucket, now: number): Pick<Lock, "mode" | "until"> | undefined {
  const text = bucket.settings["object-lock"];
  if (text === undefined) return undefined;
  const { Mode, Days, Years } = thawOnce<ObjectLockConfiguration>(text).Rule?.DefaultRetention ?? {};
  if (Mode === undefined) return undefined;
  return { mode: Mode, until: now + (Days ?? (Years ?? 0) * 365) * DAY_MS };
}

/** Throws when the time is in the past. `name`: the header or element that holds it. */
export function checkRetainUntil(date: Date, now: number, name: string): void {
  if (date.getTime() > now) return;
  throw new LocalFault("InvalidArgument", "The retain until date must be in the future!", 400, {
    ArgumentName: name,
    ArgumentValue: date.toISOString(),
  });
}
