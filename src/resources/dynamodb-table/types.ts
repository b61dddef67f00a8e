import type { AttributeValues } from "../../aws/attributes.ts";

export interface TableId {
  readonly name: string;
}
/** A global secondary index; its keys are string attributes, and it projects all of them. */
export interface IndexSpec {
  readonly name: string;
  readonly hash: string;
  readonly range: string;
}
export interface TableSpec {
  /** Names of string attributes. */
  readonly key: { readonly hash: string; readonly range?: string | undefined };
  /** Our indexes. Indexes that somebody else added stay. */
  readonly indexes: readonly IndexSpec[];
  /** Attribute with the time of expiry, in seconds. */
  readonly ttl?: string | undefined;
  readonly deletionProtection: boolean;
  /** ARN of a customer key; undefined: AWS's own. */
  readonly kmsKey?: string | undefined;
}
export interface TableLive {
  readonly name: string;
  readonly arn: string;
  readonly status: string;
  readonly key: readonly string[];
  /** Form of each index, by name, including one that is still being filled. */
  readonly indexes: ReadonlyMap<string, string>;
  readonly attributes: AttributeValues;
  /** ARN of the key. It does not say whether the key is AWS's own or a customer's. */
  readonly kmsKey: string | undefined;
  /** ARN of the customer key that was last configured. */
  readonly keyTag: string | undefined;
  readonly deletionProtection: boolean;
  readonly ttl: string | undefined;
  /** Number of items. It may be six hours old. */
  readonly items: number;
  readonly bytes: number;
  readonly created: Date | undefined;
}
export interface TableOutputs {
  readonly name: string;
  readonly arn: string;
}
