import type {
  ListObjectsCommandInput,
  ListObjectsV2CommandInput,
  ListObjectVersionsCommandInput,
  _Object as SdkObject,
} from "@aws-sdk/client-s3";
import { type Call, LocalFault } from "../../core/service.ts";
import { compareKeys, firstAtLeast } from "./object-index.ts";
import { ownerOf, requireBucket, type S3State } from "./state.ts";
import type { Version } from "./version.ts";

interface Walk {
  readonly prefix: string;
  readonly delimiter: string;
  /** The page begins after this key or common prefix. */
  readonly after: string;
  readonly max: number;
}
interface Page<T> {
  readonly items: T[];
  readonly prefixes: string[];
  readonly truncated: boolean;
  /** The last key or common prefix of the page. */
  readonly last: string;
}

/** Makes one page of sorted keys. Keys with the same text up to the delimiter become one common prefix. `itemsOf`: the list items of a key. */
export function walk<T>(keys: readonly string[], { prefix, delimiter, after, max }: Walk, itemsOf: (key: string) => readonly T[]): Page<T> {
  const page = { items: [] as T[], prefixes: [] as string[], truncated: false, last: "" };
  for (let i = firstAtLeast(keys, compareKeys(after, prefix) > 0 ? after : prefix); i < keys.length; i++) {
    const key = keys[i] as string;
    if (!key.startsWith(prefix)) break;
    if (after && key === after) continue;
    const cut = delimiter ? key.indexOf(delimiter, prefix.length) : -1;
    const group = cut < 0 ? undefined : key.slice(0, cut + delimiter.length);
    // Recorded: a marker within a common prefix leaves that prefix out.
    if (group !== undefined && (after.startsWith(group) || group === page.prefixes.at(-1))) continue;
    const items = itemsOf(key);
    if (items.length === 0) continue;
    if (page.items.length + page.prefixes.length >= max) {
      page.truncated = max > 0;
      break;
    }
    if (group !== undefined) page.prefixes.push(group);
    else page.items.push(...items);
    page.last = group ?? key;
  }
  return page;
}

interface Listing {
  readonly Prefix?: string | undefined;
  readonly Delimiter?: string | undefined;
  readonly MaxKeys?: number | undefined;
  readonly EncodingType?: string | undefined;
}
export function limit(requested: number | undefined): number {
  if (requested !== undefined && (requested < 0 || !Number.isInteger(requested)))
    throw new LocalFault("InvalidArgument", "Argument maxKeys must be an integer between 0 and 2147483647", 400);
  return Math.min(requested ?? 1000, 1000);
}
/** With `encoding-type=url`, names are URL-encoded, because XML cannot hold every character. */
export function encoder(type: string | undefined): (text: string) => string {
  if (type === undefined) return (text) => text;
  if (type !== "url") throw new LocalFault("InvalidArgument", "Invalid Encoding Method specified in Request", 400);
  return (text) => encodeURIComponent(text).replaceAll("%2F", "/");
}
export const given = (members: Record<string, string | undefined>, encode: (text: string) => string): Record<string, string> =>
  Object.fromEntries(Object.entries(members).flatMap(([name, value]) => (value ? [[name, encode(value)]] : [])));

function currentOf(state: S3State, bucket: string, input: Listing, after: string): Page<Version> {
  const { Prefix = "", Delimiter = "" } = input;
  return walk(state.objects.keys(bucket), { prefix: Prefix, delimiter: Delimiter, after, max: limit(input.MaxKeys) }, (key) => {
    const current = state.objects.versions(bucket, key)[0];
    return current && !current.deleteMarker ? [current] : [];
  });
}
function contents(page: Page<Version>, encode: (text: string) => string, owner?: { ID: string }) {
  const Contents = page.items.map((version) => ({ ...entry(version, encode), ...(owner ? { Owner: owner } : {}) }));
  const CommonPrefixes = page.prefixes.map((Prefix) => ({ Prefix: encode(Prefix) }));
  return { ...(Contents.length > 0 ? { Contents } : {}), ...(CommonPrefixes.length > 0 ? { CommonPrefixes } : {}) };
}
/** Lists show times in whole seconds. */
const wholeSeconds = (ms: number): Date => new Date(Math.floor(ms / 1000) * 1000);
function entry(version: Version, encode: (text: string) => string): SdkObject {
  const algorithms = Object.keys(version.checksums) as NonNullable<SdkObject["ChecksumAlgorithm"]>;
  return {
    Key: encode(version.key),
    LastModified: wholeSeconds(version.modified),
    ETag: `"${version.etag}"`,
    Size: version.size,
    StorageClass: (version.headers.StorageClass ?? "STANDARD") as NonNullable<SdkObject["StorageClass"]>,
    ...(algorithms.length > 0 ? { ChecksumAlgorithm: algorithms, ChecksumType: version.checksumType } : {}),
  };
}

export function listObjects(state: S3State) {
  return (input: ListObjectsCommandInput, call: Call) => {
    const { name } = requireBucket(state, input.Bucket, call);
    const encode = encoder(input.EncodingType);
    const page = currentOf(state, name, input, input.Marker ?? "");
    return {
      Name: name,
      Prefix: encode(input.Prefix ?? ""),
      Marker: encode(input.Marker ?? ""),
      MaxKeys: input.MaxKeys ?? 1000,
      ...given({ Delimiter: input.Delimiter }, encode),
      EncodingType: input.EncodingType,
      IsTruncated: page.truncated,
      // NextMarker is sent only with a delimiter. Without one, clients use the last key as the next marker.
      ...(page.truncated && input.Delimiter ? { NextMarker: encode(page.last) } : {}),
      ...contents(page, encode, ownerOf(call.account)),
    };
  };
}

const tokenOf = (key: string): string => Buffer.from(key).toString("base64url");
function keyOfToken(token: string): string {
  const key = Buffer.from(token, "base64url").toString();
  if (token === "" || tokenOf(key) !== token)
    throw new LocalFault("InvalidArgument", "The continuation token provided is incorrect", 400, { ArgumentName: "continuation-token" });
  return key;
}

export function listObjectsV2(state: S3State) {
  return (input: ListObjectsV2CommandInput, call: Call) => {
    const { name } = requireBucket(state, input.Bucket, call);
    const encode = encoder(input.EncodingType);
    const { ContinuationToken, StartAfter } = input;
    const page = currentOf(state, name, input, ContinuationToken === undefined ? (StartAfter ?? "") : keyOfToken(ContinuationToken));
    return {
      Name: name,
      Prefix: encode(input.Prefix ?? ""),
      MaxKeys: input.MaxKeys ?? 1000,
      // A token says where the page begins, so StartAfter no longer counts (recorded).
      ...given({ Delimiter: input.Delimiter, ...(ContinuationToken === undefined && { StartAfter }) }, encode),
      EncodingType: input.EncodingType,
      ContinuationToken,
      IsTruncated: page.truncated,
      ...(page.truncated ? { NextContinuationToken: tokenOf(page.last) } : {}),
      KeyCount: page.items.length + page.prefixes.length,
      ...contents(page, encode, input.FetchOwner ? ownerOf(call.account) : undefined),
    };
  };
}

export function listObjectVersions(state: S3State) {
  return (input: ListObjectVersionsCommandInput, call: Call) => {
    const { name } = requireBucket(state, input.Bucket, call);
    const { KeyMarker, VersionIdMarker, Prefix = "", Delimiter = "" } = input;
    if (VersionIdMarker && !KeyMarker)
      throw new LocalFault("InvalidArgument", "A version-id marker cannot be specified without a key marker.", 400, {
        ArgumentName: "version-id-marker",
        ArgumentValue: VersionIdMarker,
      });
    const encode = encoder(input.EncodingType);
    const found = versionsPage(
      state,
      name,
      { prefix: Prefix, delimiter: Delimiter, after: KeyMarker ?? "", max: limit(input.MaxKeys) },
      VersionIdMarker,
    );
    const Owner = ownerOf(call.account);
    const mark = (version: Version) => ({
      Owner,
      VersionId: version.versionId,
      IsLatest: state.objects.versions(name, version.key)[0] === version,
    });
    const Versions = found.items.filter((v) => !v.deleteMarker).map((v) => ({ ...entry(v, encode), ...mark(v) }));
    const DeleteMarkers = found.items
      .filter((v) => v.deleteMarker)
      .map((v) => ({ Key: encode(v.key), LastModified: wholeSeconds(v.modified), ...mark(v) }));
    const CommonPrefixes = found.prefixes.map((prefix) => ({ Prefix: encode(prefix) }));
    return {
      Name: name,
      Prefix: encode(Prefix),
      KeyMarker: encode(KeyMarker ?? ""),
      VersionIdMarker: VersionIdMarker ?? "",
      MaxKeys: input.MaxKeys ?? 1000,
      ...given({ Delimiter: input.Delimiter }, encode),
      EncodingType: input.EncodingType,
      IsTruncated: found.truncated,
      ...(found.truncated ? { NextKeyMarker: encode(found.last), ...given({ NextVersionIdMarker: found.lastVersion }, String) } : {}),
      ...(Versions.length > 0 ? { Versions } : {}),
      ...(DeleteMarkers.length > 0 ? { DeleteMarkers } : {}),
      ...(CommonPrefixes.length > 0 ? { CommonPrefixes } : {}),
    };
  };
}

/** Makes a page of versions. It may end between two versions of one key. */
function versionsPage(state: S3State, bucket: string, at: Walk, versionMarker: string | undefined) {
  const rest = versionMarker ? afterVersion(state.objects.versions(bucket, at.after), versionMarker) : [];
  const page = walk(state.objects.keys(bucket), { ...at, max: at.max + 1 }, (key) => state.objects.versions(bucket, key));
  const items = [...rest, ...page.items];
  const merged = [
    ...items.map((version) => ({ key: version.key, version })),
    ...page.prefixes.map((key) => ({ key, version: undefined })),
  ].sort((a, b) => compareKeys(a.key, b.key));
  const shown = merged.slice(0, at.max);
  return {
    items: shown.flatMap(({ version }) => version ?? []),
    prefixes: shown.flatMap(({ key, version }) => (version ? [] : [key])),
    truncated: at.max > 0 && merged.length > at.max,
    last: shown.at(-1)?.key ?? "",
    lastVersion: shown.at(-1)?.version?.versionId,
  };
}
const afterVersion = (versions: readonly Version[], id: string): readonly Version[] =>
  versions.slice(versions.findIndex((version) => version.versionId === id) + 1);
