import type { Tag } from "@aws-sdk/client-iam";
import type { Collection, Store } from "../../core/store.ts";

/** Times are ISO 8601 in whole seconds. Policies are JSON text, as the caller sent it. */
export interface StoredRole {
  readonly name: string;
  /** `AROA…`. A role that is deleted and created anew has another id. */
  readonly id: string;
  readonly arn: string;
  readonly path: string;
  readonly createdAt: string;
  readonly trust: string;
  readonly description?: string | undefined;
  readonly maxSession: number;
  readonly tags: readonly Tag[];
  readonly inline: Readonly<Record<string, string>>;
  readonly attached: readonly string[];
  readonly boundary?: string | undefined;
}

export interface StoredVersion {
  readonly id: string;
  readonly document: string;
  readonly createdAt: string;
}
export interface StoredPolicy {
  readonly name: string;
  readonly id: string;
  readonly arn: string;
  readonly path: string;
  readonly description?: string | undefined;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly tags: readonly Tag[];
  readonly versions: readonly StoredVersion[];
  readonly defaultVersion: string;
  /** Number of the newest version. A number is never used twice, even after its version was deleted. */
  readonly lastVersion: number;
}

/** The state of IAM. */
export interface IamState {
  readonly roles: Collection<StoredRole>;
  readonly policies: Collection<StoredPolicy>;
}

/** `onChange` is called after each change of a role or policy. */
export function iamState(store: Store, onChange: () => void): IamState {
  return {
    roles: notifying(store.collection("iam.roles"), onChange),
    policies: notifying(store.collection("iam.policies"), onChange),
  };
}

function notifying<T>(collection: Collection<T>, onChange: () => void): Collection<T> {
  return {
    get: collection.get,
    has: collection.has,
    keys: collection.keys,
    values: collection.values,
    entries: collection.entries,
    get size() {
      return collection.size;
    },
    put(key, value) {
      collection.put(key, value);
      onChange();
    },
    delete(key) {
      const existed = collection.delete(key);
      onChange();
      return existed;
    },
  };
}
