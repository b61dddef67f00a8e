import { LocalFault } from "../../core/service.ts";
import type { Tagged } from "./version.ts";

interface SdkTag {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}
const invalid = (message: string, extra: Readonly<Record<string, string>>): LocalFault => new LocalFault("InvalidTag", message, 400, extra);
const UNSAFE = /[^\p{L}\p{Z}\p{N}_.:/=+\-@]/u;

/** Checks a tag set: at most 50 tags on a bucket, 10 on an object. */
export function checkedTags(tags: readonly SdkTag[] | undefined, max: 10 | 50): Tagged[] {
  const given = (tags ?? []).map(({ Key = "", Value = "" }) => ({ Key, Value }));
  if (given.length > max) throw new LocalFault("BadRequest", `${max === 10 ? "Object" : "Bucket"} tags cannot be greater than ${max}`, 400);
  const seen = new Set<string>();
  for (const { Key, Value } of given) {
    if (Key.length < 1 || Key.length > 128 || UNSAFE.test(Key)) throw invalid("The TagKey you have provided is invalid", { TagKey: Key });
    if (Value.length > 256 || UNSAFE.test(Value))
      throw invalid("The TagValue you have provided is invalid", { TagKey: Key, TagValue: Value });
    if (Key.startsWith("aws:"))
      throw invalid(max === 10 ? "Your TagKey cannot be prefixed with aws:" : "System tags cannot be added/updated by requester", {
        TagKey: Key,
      });
    if (seen.has(Key)) throw invalid("Cannot provide multiple Tags with the same key", { TagKey: Key });
    seen.add(Key);
  }
  return given;
}
/** Reads the header x-amz-tagging, `a=1&b=2`. */
export function headerTags(text: string | undefined): Tagged[] {
  const tags = [...new URLSearchParams(text ?? "")].map(([Key, Value]) => ({ Key, Value }));
  // Recorded: S3 refuses a tag that is given twice, and tags separated by a comma.
  const twice = new Set(tags.map((tag) => tag.Key)).size < tags.length;
  if (twice || text?.includes(","))
    throw new LocalFault(
      "InvalidArgument",
      "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
      400,
      { ArgumentName: "x-amz-tagging", ArgumentValue: text },
    );
  return checkedTags(tags, 10);
}
