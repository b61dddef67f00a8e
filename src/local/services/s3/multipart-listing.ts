import type { ListMultipartUploadsCommandInput, ListPartsCommandInput } from "@aws-sdk/client-s3";
import type { Call } from "../../core/service.ts";
import { asMembers } from "./checksums.ts";
import { encoder, given, limit, walk } from "./listing.ts";
import { requireUpload, sortedParts } from "./multipart.ts";
import { compareKeys } from "./object-index.ts";
import { ownerOf, requireBucket, type S3State, type Upload } from "./state.ts";

/** The part of an answer that shows who began an upload: the account itself (recorded), or the role. */
const initiatorOf = ({ account, principal }: Call) => (principal.type === "role" ? { ID: principal.arn } : ownerOf(account));

export function listParts(state: S3State) {
  return (input: ListPartsCommandInput, call: Call) => {
    requireBucket(state, input.Bucket, call);
    const upload = requireUpload(state, input);
    const max = limit(input.MaxParts);
    const marker = Number(input.PartNumberMarker ?? 0);
    const rest = sortedParts(state, upload.id).filter((part) => part.number > marker);
    const shown = rest.slice(0, max);
    return {
      Bucket: upload.bucket,
      Key: upload.key,
      UploadId: upload.id,
      PartNumberMarker: String(marker),
      MaxParts: max,
      IsTruncated: rest.length > shown.length,
      NextPartNumberMarker: String(shown.at(-1)?.number ?? 0),
      Parts: shown.map((part) => ({
        PartNumber: part.number,
        LastModified: new Date(part.modified),
        ETag: `"${part.md5}"`,
        Size: part.segment.size,
        // Shown when the upload has an algorithm, whatever the parts were sent with (recorded).
        ...(upload.algorithm ? asMembers(part.checksums) : {}),
      })),
      Initiator: initiatorOf(call),
      Owner: ownerOf(call.account),
      StorageClass: (upload.headers.StorageClass ?? "STANDARD") as "STANDARD",
      ...(upload.algorithm ? { ChecksumAlgorithm: upload.algorithm as "CRC32", ChecksumType: upload.checksumType } : {}),
    };
  };
}

export function listMultipartUploads(state: S3State) {
  return (input: ListMultipartUploadsCommandInput, call: Call) => {
    const { name } = requireBucket(state, input.Bucket, call);
    const { KeyMarker = "", UploadIdMarker, Prefix = "", Delimiter = "" } = input;
    const encode = encoder(input.EncodingType);
    const byKey = new Map<string, Upload[]>();
    for (const upload of state.uploads.values().sort((a, b) => a.initiated - b.initiated))
      if (upload.bucket === name) byKey.set(upload.key, [...(byKey.get(upload.key) ?? []), upload]);
    const keys = [...byKey.keys()].sort(compareKeys);
    const max = limit(input.MaxUploads);
    const atMarker = UploadIdMarker ? (byKey.get(KeyMarker) ?? []) : [];
    const rest = atMarker.slice(atMarker.findIndex((upload) => upload.id === UploadIdMarker) + 1);
    const page = walk(keys, { prefix: Prefix, delimiter: Delimiter, after: KeyMarker, max: max + 1 }, (key) => byKey.get(key) ?? []);
    const uploads = [...rest, ...page.items];
    const truncated = uploads.length + page.prefixes.length > max;
    const shown = uploads.slice(0, Math.max(max - page.prefixes.length, 0));
    const last = shown.at(-1);
    return {
      Bucket: name,
      KeyMarker: encode(KeyMarker),
      // Without a key marker, AWS ignores the other one (recorded).
      UploadIdMarker: KeyMarker === "" ? "" : (UploadIdMarker ?? ""),
      ...given({ Prefix, Delimiter }, encode),
      EncodingType: input.EncodingType,
      MaxUploads: max,
      IsTruncated: truncated,
      NextKeyMarker: encode(last?.key ?? ""),
      NextUploadIdMarker: last?.id ?? "",
      ...(shown.length > 0 ? { Uploads: shown.map((upload) => described(upload, encode, call)) } : {}),
      ...(page.prefixes.length > 0 ? { CommonPrefixes: page.prefixes.map((prefix) => ({ Prefix: encode(prefix) })) } : {}),
    };
  };
}
const described = (upload: Upload, encode: (text: string) => string, call: Call) => ({
  UploadId: upload.id,
  Key: encode(upload.key),
  Initiated: new Date(upload.initiated),
  StorageClass: (upload.headers.StorageClass ?? "STANDARD") as "STANDARD",
  Owner: ownerOf(call.account),
  Initiator: initiatorOf(call),
  ...(upload.algorithm ? { ChecksumAlgorithm: upload.algorithm as "CRC32", ChecksumType: upload.checksumType } : {}),
});
