import type { NormalizedSchema } from "@smithy/core/schema";
import { members, type Traits, traitsOf } from "./schema.ts";
import { fromText } from "./values.ts";

/** `A.member.1.Key=v` as a tree. The text of a node is under `$`. */
interface Node {
  $?: string;
  [part: string]: Node | string | undefined;
}

/** Names come from outside, so `__proto__` must be an ordinary name. */
const newNode = (): Node => Object.create(null) as Node;

/** Reads a form of AWS Query or EC2 Query into the operation's input. */
export function readQuery(schema: NormalizedSchema, form: URLSearchParams, ec2: boolean): Record<string, unknown> {
  const root = newNode();
  for (const [path, value] of form) {
    if (path === "Action" || path === "Version") continue;
    let at = root;
    for (const part of path.split(".")) {
      at[part] ??= newNode();
      at = at[part] as Node;
    }
    at.$ = value;
  }
  return schema.isStructSchema() ? (read(schema, root, ec2) as Record<string, unknown>) : {};
}

function read(schema: NormalizedSchema, node: Node | undefined, ec2: boolean): unknown {
  if (node === undefined) return undefined;
  if (schema.isListSchema()) return readList(schema, node, ec2);
  if (schema.isMapSchema()) return readMap(schema, node, ec2);
  if (!schema.isStructSchema()) return fromText(schema, node.$ ?? "", "query");
  const out: Record<string, unknown> = {};
  for (const [name, member] of members(schema)) {
    const value = read(member, node[memberKey(name, traitsOf(member), ec2, true)] as Node | undefined, ec2);
    if (value !== undefined) out[name] = value;
  }
  return out;
}

function readList(schema: NormalizedSchema, node: Node, ec2: boolean): unknown {
  const item = schema.getValueSchema();
  const flat = ec2 || traitsOf(schema).xmlFlattened;
  const withMemberName = flat ? node : (node[memberKey("member", traitsOf(item), ec2, false)] as Node | undefined);
  // botocore writes `.member.` even where a list has its own item name. An empty list is sent as an empty value.
  const list = withMemberName ?? (node.member as Node | undefined);
  if (!list) return node.$ === "" ? [] : undefined;
  return numberedParts(list).map((i) => read(item, list[i] as Node, ec2));
}

function readMap(schema: NormalizedSchema, node: Node, ec2: boolean): unknown {
  const entries = (traitsOf(schema).xmlFlattened ? node : node.entry) as Node | undefined;
  if (!entries) return undefined;
  const key = schema.getKeySchema();
  const value = schema.getValueSchema();
  const out: Record<string, unknown> = {};
  for (const i of numberedParts(entries)) {
    const entry = entries[i] as Node;
    const name = (entry[memberKey("key", traitsOf(key), ec2, false)] as Node | undefined)?.$ ?? "";
    out[name] = read(value, entry[memberKey("value", traitsOf(value), ec2, false)] as Node | undefined, ec2);
  }
  return out;
}

const numberedParts = (node: Node): string[] =>
  Object.keys(node)
    .filter((part) => /^\d+$/.test(part))
    .sort((a, b) => Number(a) - Number(b));
function memberKey(name: string, traits: Traits, ec2: boolean, inStruct: boolean): string {
  if (!ec2) return traits.xmlName ?? name;
  return traits.ec2QueryName ?? (inStruct ? capitalised(traits.xmlName ?? name) : (traits.xmlName ?? name));
}
const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
