import type { Filter, Tag } from "@aws-sdk/client-ec2";
import { LocalFault } from "../../core/service.ts";

/** The values of a resource by filter name. */
export type Attributes = Readonly<Record<string, readonly (string | number | boolean | undefined)[]>>;

/** EC2's filters: all names must match, with at least one value each. `*` and `?` are wildcards. `tag:…` and `tag-key` work for all resources. */
export function filtered<T>(
  items: readonly T[],
  filters: readonly Filter[] | undefined,
  attributesOf: (item: T) => Attributes,
  tagsOf: (item: T) => readonly Tag[],
): T[] {
  return items.filter((item) =>
    (filters ?? []).every(({ Name = "", Values = [] }) => {
      const patterns = Values.map(pattern);
      return valuesOf(Name, attributesOf(item), tagsOf(item)).some((value) => patterns.some((one) => one.test(value)));
    }),
  );
}

function valuesOf(name: string, attributes: Attributes, tags: readonly Tag[]): string[] {
  if (name === "tag-key") return tags.map((tag) => tag.Key ?? "");
  if (name.startsWith("tag:")) return tags.filter((tag) => tag.Key === name.slice(4)).map((tag) => tag.Value ?? "");
  const values = attributes[name];
  if (!values) throw new LocalFault("InvalidParameterValue", `The filter '${name}' is invalid`, 400);
  return values.filter((value) => value !== undefined).map(String);
}
const pattern = (text: string): RegExp =>
  new RegExp(
    `^${text
      .replace(/[.+^${}()|[\]\\]/g, "\\$&")
      .replaceAll("*", ".*")
      .replaceAll("?", ".")}$`,
    "s",
  );

interface Paging {
  readonly MaxResults?: number | undefined;
  readonly NextToken?: string | undefined;
}
/** One page. The token is the number of items on the pages before. */
export function page<T>(all: readonly T[], { MaxResults, NextToken }: Paging): { items: T[]; more: { NextToken?: string } } {
  const from = NextToken === undefined ? 0 : Number(Buffer.from(NextToken, "base64url").toString());
  if (!Number.isInteger(from)) throw new LocalFault("InvalidNextToken", "The token is not valid.", 400);
  const to = MaxResults === undefined ? all.length : from + MaxResults;
  return { items: all.slice(from, to), more: to < all.length ? { NextToken: Buffer.from(String(to)).toString("base64url") } : {} };
}
