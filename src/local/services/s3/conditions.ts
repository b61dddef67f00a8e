import { LocalFault } from "../../core/service.ts";
import type { Version } from "./version.ts";

interface ReadConditions {
  readonly IfMatch?: string | undefined;
  readonly IfNoneMatch?: string | undefined;
  readonly IfModifiedSince?: Date | undefined;
  readonly IfUnmodifiedSince?: Date | undefined;
}
const failed = (condition: string): LocalFault =>
  new LocalFault("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412, { Condition: condition });

/** Checks a reader's conditions on this version. Throws 412, or 304 with the headers that a cache needs. */
export function checkRead(version: Version, conditions: ReadConditions): void {
  checkMatch(version, conditions);
  const { IfNoneMatch, IfModifiedSince } = conditions;
  const unchanged =
    IfNoneMatch !== undefined ? names(IfNoneMatch, version.etag) : isPast(IfModifiedSince) && !newer(version, IfModifiedSince);
  if (!unchanged) return;
  throw new LocalFault(
    "NotModified",
    "Not Modified",
    304,
    {},
    {
      etag: `"${version.etag}"`,
      "last-modified": new Date(version.modified).toUTCString(),
    },
  );
}
/** Checks the conditions on the source of a copy. There, "not modified" is an error, too. */
export function checkCopySource(version: Version, conditions: ReadConditions): void {
  checkMatch(version, conditions, "x-amz-copy-source-");
  const { IfNoneMatch, IfModifiedSince } = conditions;
  if (IfNoneMatch !== undefined && names(IfNoneMatch, version.etag)) throw failed("x-amz-copy-source-If-None-Match");
  if (IfNoneMatch === undefined && isPast(IfModifiedSince) && !newer(version, IfModifiedSince))
    throw failed("x-amz-copy-source-If-Modified-Since");
}
function checkMatch(version: Version, { IfMatch, IfUnmodifiedSince }: ReadConditions, prefix = ""): void {
  if (IfMatch !== undefined && !names(IfMatch, version.etag)) throw failed(`${prefix}If-Match`);
  if (IfMatch === undefined && IfUnmodifiedSince && newer(version, IfUnmodifiedSince)) throw failed(`${prefix}If-Unmodified-Since`);
}
/** A time in the future is ignored. */
const isPast = (date: Date | undefined): date is Date => date !== undefined && date.getTime() <= Date.now();
/** HTTP dates have whole seconds. */
const newer = (version: Version, date: Date): boolean => Math.floor(version.modified / 1000) > Math.floor(date.getTime() / 1000);
const names = (header: string, etag: string): boolean =>
  header.split(",").some((part) => part.trim() === "*" || part.trim().replace(/^(W\/)?"?|"?$/g, "") === etag);

export const exists = (version: Version | undefined): version is Version => version !== undefined && !version.deleteMarker;
export const conflict = (condition: string, key: string): LocalFault =>
  new LocalFault(
    "ConditionalRequestConflict",
    "The conditional request cannot succeed due to a conflicting operation against this resource.",
    409,
    { Condition: condition, Key: key },
  );

interface WriteConditions {
  readonly Key?: string | undefined;
  readonly IfMatch?: string | undefined;
  readonly IfNoneMatch?: string | undefined;
}
/**
 * Throws when the conditions forbid to replace `current`. It is checked before the body is read, and a second time in the step that makes
 * the object visible: of several simultaneous writers exactly one succeeds. `atStart`: the current version when the call began.
 */
export function checkWrite(current: Version | undefined, { IfMatch, IfNoneMatch, Key }: WriteConditions, atStart = current): void {
  if (IfMatch !== undefined && IfNoneMatch !== undefined)
    throw notImplemented("If-Match,If-None-Match", "Multiple conditional request headers present in the request");
  if (IfMatch === "*") throw notImplemented("If-Match");
  if (IfNoneMatch !== undefined) {
    if (IfNoneMatch !== "*") throw notImplemented("If-None-Match");
    if (exists(current)) throw failed("If-None-Match");
  }
  if (IfMatch === undefined) return;
  if (!exists(current) && exists(atStart)) throw conflict("If-Match", atStart.key);
  if (!exists(current)) throw new LocalFault("NoSuchKey", "The specified key does not exist.", 404, { Key });
  if (!names(IfMatch, current.etag)) throw failed("If-Match");
}
const notImplemented = (header: string, reason = `We don't accept the provided value of ${header} header for this API`): LocalFault =>
  new LocalFault("NotImplemented", "A header you provided implies functionality that is not implemented", 501, {
    Header: header,
    additionalMessage: reason,
  });
