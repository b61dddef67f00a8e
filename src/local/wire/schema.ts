import { NormalizedSchema } from "@smithy/core/schema";
import type { LocalService } from "../core/service.ts";

/**
 * The wire formats of every service, taken from the runtime schemas that the `@aws-sdk/client-*` packages export: each operation with its
 * input, output and traits, and each modelled error. The layout of these arrays is public at run time but undocumented. Therefore the SDK's
 * versions are pinned, and a round-trip test covers the operations in use.
 */
export type Protocol = "awsQuery" | "ec2Query" | "awsJson1_0" | "awsJson1_1" | "restJson1" | "restXml" | "rpcv2Cbor";
export interface Operation {
  readonly name: string;
  readonly traits: { readonly http?: readonly [method: string, uri: string, status: number] };
  readonly input: NormalizedSchema;
  readonly output: NormalizedSchema;
}
export interface WireService {
  readonly protocol: Protocol;
  readonly operations: Readonly<Record<string, Operation>>;
  readonly errors: Readonly<Record<string, NormalizedSchema>>;
  readonly xmlNamespace: string;
  /** True when the service used the query protocol before. Then it still sends that protocol's error codes. */
  readonly queryCompatible: boolean;
  /** Operations that get and return the JSON of the wire unchanged. */
  readonly plain: LocalService["plain"];
  readonly mostJsonMarks: LocalService["mostJsonMarks"];
  readonly errorNamespace: LocalService["errorNamespace"];
}

const OPERATION = 9;
const ERROR = -3;

/** `sdk`: the namespace of an `@aws-sdk/client-*` package. */
export function wireService(
  sdk: object,
  { plain, mostJsonMarks, errorNamespace }: Pick<LocalService, "plain" | "mostJsonMarks" | "errorNamespace"> = {},
): WireService {
  const exported = Object.entries(sdk) as [string, unknown][];
  // The first *Client is the service's own. Building one costs nothing and shows its protocol.
  const Client = exported.find(([name, value]) => /^(?!__)\w+Client$/.test(name) && typeof value === "function")?.[1] as new (
    options: object,
  ) => { config: { protocol: { getShapeId(): string; awsQueryCompatible?: boolean; options?: { xmlNamespace?: string } } } };
  const { protocol } = new Client({ region: "us-east-1" }).config;
  // Names come from outside, so `constructor` must not be found.
  const operations: Record<string, Operation> = Object.create(null);
  const errors: Record<string, NormalizedSchema> = Object.create(null);
  for (const [, value] of exported) {
    if (!Array.isArray(value)) continue;
    if (value[0] === OPERATION) {
      const [, , name, traits, input, output] = value;
      operations[name] = { name, traits: traits || {}, input: NormalizedSchema.of(input()), output: NormalizedSchema.of(output()) };
    }
    if (value[0] === ERROR) errors[value[2]] = NormalizedSchema.of(value as never);
  }
  return {
    protocol: protocol.getShapeId().split("#")[1] as Protocol,
    operations,
    errors,
    xmlNamespace: protocol.options?.xmlNamespace ?? "",
    queryCompatible: protocol.awsQueryCompatible ?? false,
    plain,
    mostJsonMarks,
    errorNamespace,
  };
}

/** Names of the members that the model requires. */
export function requiredMembers(schema: NormalizedSchema): readonly string[] {
  const raw = schema.getSchema() as unknown as readonly unknown[];
  if (!Array.isArray(raw)) return [];
  return (raw[4] as string[]).slice(0, (raw[6] as number | undefined) ?? 0);
}

/** Traits of a member merged with those of its target, as the keys of the HTTP binding. */
export interface Traits {
  readonly httpLabel?: 1;
  readonly httpQuery?: string;
  readonly httpQueryParams?: 1;
  readonly httpHeader?: string;
  readonly httpPrefixHeaders?: string;
  readonly httpPayload?: 1;
  readonly httpResponseCode?: 1;
  readonly httpError?: number;
  readonly streaming?: 1;
  readonly mediaType?: string;
  readonly xmlName?: string;
  readonly xmlFlattened?: 1;
  readonly ec2QueryName?: string;
  readonly awsQueryError?: readonly [code: string, status: number];
}
export const traitsOf = (schema: NormalizedSchema): Traits => schema.getMergedTraits() as Traits;
export function members(schema: NormalizedSchema): [string, NormalizedSchema][] {
  return schema.isStructSchema() ? [...schema.structIterator()] : [];
}
