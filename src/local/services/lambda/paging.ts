import { LocalFault } from "../../core/service.ts";

/** One page of a Lambda list: the marker is opaque, a page has at most 50 items. */
export function page<T>(all: readonly T[], marker: string | undefined, maxItems: number | undefined): { items: T[]; next?: string } {
  const start = marker ? Number(Buffer.from(marker, "base64").toString("utf8")) : 0;
  if (!Number.isInteger(start) || start < 0) throw new LocalFault("InvalidParameterValueException", "Invalid marker.");
  const end = start + Math.min(maxItems ?? 50, 50);
  return { items: all.slice(start, end), ...(end < all.length ? { next: Buffer.from(String(end)).toString("base64") } : {}) };
}
