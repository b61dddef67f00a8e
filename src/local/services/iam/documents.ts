import type { Tag } from "@aws-sdk/client-iam";
import type { Collection, Store } from "../../core/store.ts";

/** A stored role. Times are ISO 8601 in whole seconds; policies are JSON text as given. */
export interface RoleDocument {
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

export interface PolicyVersionDocument {
  readonly id: string;
  readonly document: string;
  readonly createdAt: string;
}
export interface PolicyDocument {
  readonly name: string;
  readonly id: string;
  readonly arn: string;
  readonly path: string;
  readonly description?: string | undefined;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly tags: readonly Tag[];
  readonly versions: readonly PolicyVersionDocument[];
  readonly defaultVersion: string;
  /** Number of the newest version. A number is never used twice, even after its version was deleted. */
  readonly lastVersion: number;
}

/** The state of IAM. `changed` makes the decisions clear their cache. */
export interface IamState {
  readonly roles: Collection<RoleDocument>;
  readonly policies: Collection<PolicyDocument>;
  readonly changed: () => void;
}

export function iamState(store: Store, changed: () => void): IamState {
  return {
    roles: notifying(store.collection("iam.roles"), changed),
    policies: notifying(store.collection("iam.policies"), changed),
    changed,
  };
}

function notifying<T>(collection: Collection<T>, changed: () => void): Collection<T> {
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
      changed();
    },
    delete(key) {
      const was = collection.delete(key);
      changed();
      return was;
    },
  };
}
