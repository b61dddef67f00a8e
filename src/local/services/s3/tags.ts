import { LocalFault } from "../../core/service.ts";
import type { Tagged } from "./version.ts";

interface SdkTag {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}
const invalid = (message: string): LocalFault => new LocalFault("InvalidTag", message, 400);

/** A tag set as S3 accepts it: at most 50 on a bucket, 10 on an object. */
export function checkedTags(tags: readonly SdkTag[] | undefined, max: 10 | 50): Tagged[] {
  const given = (tags ?? []).map(({ Key = "", Value = "" }) => ({ Key, Value }));
  if (given.length > max) throw new LocalFault("BadRequest", `${max === 10 ? "Object" : "Bucket"} tags cannot be greater than ${max}`, 400);
  for (const { Key, Value } of given) {
    if (Key.length < 1 || Key.length > 128) throw invalid("The TagKey you have provided is invalid");
    if (Value.length > 256) throw invalid("The TagValue you have provided is invalid");
    if (/[^\p{L}\p{Z}\p{N}_.:/=+\-@]/u.test(Key)) throw invalid("The TagKey you have provided is invalid");
    if (/[^\p{L}\p{Z}\p{N}_.:/=+\-@]/u.test(Value)) throw invalid("The TagValue you have provided is invalid");
    if (Key.startsWith("aws:")) throw invalid("System tags cannot be added/updated by requester");
  }
  if (new Set(given.map((tag) => tag.Key)).size < given.length) throw invalid("Cannot provide multiple Tags with the same key");
  return given;
}
/** The form `a=1&b=2` of the x-amz-tagging header. */
export const headerTags = (text: string | undefined): Tagged[] =>
  checkedTags(
    [...new URLSearchParams(text ?? "")].map(([Key, Value]) => ({ Key, Value })),
    10,
  );
