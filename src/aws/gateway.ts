import type { PatchOperation } from "@aws-sdk/client-api-gateway";
import type { Access, AwsLocation, Tags } from "../engine/contract.ts";
import type { Attributes } from "./attributes.ts";
import { carriesTag } from "./ownership.ts";

type Collection = "apikeys" | "restapis" | "usageplans";

export const gatewayArn = ({ partition, region }: AwsLocation, path: string): string => `arn:${partition}:apigateway:${region}::${path}`;

/** The actions of API Gateway are the verbs of its REST interface, on paths with ids that AWS chooses. Tags have separate paths. */
export const gatewayAccess = (collection: Collection): Access<unknown> => ({
  on: (_id, place) => [`/${collection}`, `/${collection}/*`, "/tags/*"].map((path) => gatewayArn(place, path)),
  read: ["apigateway:GET"],
  write: ["apigateway:DELETE", "apigateway:PATCH", "apigateway:POST", "apigateway:PUT"],
  delete: ["apigateway:DELETE", "apigateway:GET", "apigateway:PATCH"],
});

export const replace = (path: string, value: unknown): PatchOperation => ({ op: "replace", path, value: String(value) });
export const remove = (path: string, value?: string): PatchOperation => ({ op: "remove", path, value });

type Patched<Spec, Found> = Attributes<Spec, unknown, [found: Found], readonly PatchOperation[]>;
type PatchedRow<Spec, Found> = readonly [at: string, read: (found: Found) => unknown, wanted: (spec: Spec) => unknown];
/** Attributes that one patch operation each changes, at a path of its own. */
export const patchedAttributes = <Spec, Found>(rows: Readonly<Record<string, PatchedRow<Spec, Found>>>): Patched<Spec, Found> =>
  Object.fromEntries(
    Object.entries(rows).map(([name, [at, read, wanted]]) => [name, { read, wanted, write: (spec: Spec) => [replace(at, wanted(spec))] }]),
  );

/** APIs, keys and usage plans: AWS chooses their ids, and their names need not be unique. */
interface Named {
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly tags?: Tags | undefined;
  readonly createdDate?: Date | undefined;
}
/** Oldest first, so that two runs choose the same one. Old usage plans have no date. */
export const oldestFirst = <One extends Named>(all: readonly One[]): readonly One[] =>
  all.toSorted((a, b) => Number(a.createdDate ?? 0) - Number(b.createdDate ?? 0) || (a.id ?? "").localeCompare(b.id ?? ""));

/**
 * The stack's one among those with its name, and the doubles: ours that nothing uses, left by a create whose answer was lost. A used one
 * is never a double. Without one of ours, the first foreign one.
 */
export async function chooseOne<One extends Named>(
  named: readonly One[],
  stack: string,
  isUsed: (one: One) => Promise<boolean>,
): Promise<{ readonly chosen: One | undefined; readonly doubles: readonly One[] }> {
  const ours = named.filter(({ tags }) => carriesTag(tags, stack));
  const used: One[] = [];
  // A failed read throws here: a double is deleted only when it is known to be unused.
  if (ours.length > 1) for (const one of ours) if (await isUsed(one)) used.push(one);
  const chosen = used[0] ?? ours[0] ?? named[0];
  return { chosen, doubles: ours.filter((one) => one !== chosen && !used.includes(one)) };
}

/** Identities of those that carry the stack's tag. */
export const ownedNames = (all: readonly Named[], stack: string): readonly { readonly name: string }[] =>
  [...new Set(all.filter(({ tags }) => carriesTag(tags, stack)).map(({ name = "" }) => name))].map((name) => ({ name }));
