import { badRequest } from "../state.ts";

/** One page of an API Gateway list: `position` is opaque; 25 items by default, at most 500. */
export function page<T>(all: readonly T[], position: string | undefined, limit: number | undefined): { items: T[]; position?: string } {
  if (limit !== undefined && (limit < 1 || limit > 500)) throw badRequest("Limit must be between 1 and 500");
  const start = position ? Number(Buffer.from(position, "base64").toString("utf8")) : 0;
  if (!Number.isInteger(start) || start < 0) throw badRequest("Invalid position parameter");
  const end = start + (limit ?? 25);
  return { items: all.slice(start, end), ...(end < all.length ? { position: Buffer.from(String(end)).toString("base64") } : {}) };
}

export const sortedByName = <T extends { readonly name?: string | undefined }>(all: Readonly<Record<string, T>>): T[] =>
  Object.values(all).sort((a, b) => ((a.name ?? "") < (b.name ?? "") ? -1 : 1));
