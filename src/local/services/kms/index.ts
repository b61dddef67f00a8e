import { JSON_REFUSALS } from "../../core/refusals.ts";
import type { LocalEnv, LocalService } from "../../core/service.ts";
import { loadModel } from "../../core/validation.ts";
import { aliasOperations } from "./aliases.ts";
import { type Kms, openKms, requireKey } from "./key.ts";
import { keyOperations } from "./keys.ts";
import { policyOperations } from "./policies.ts";
import { tagOperations } from "./tags.ts";

/** The control plane of customer keys. Other services store and show the id of a key; nothing is encrypted. */
export function kmsService(env: LocalEnv): LocalService {
  const kms = openKms(env);
  return {
    name: "kms",
    sdk: () => import("@aws-sdk/client-kms"),
    model: () => loadModel("kms"),
    refusals: JSON_REFUSALS,
    pageTokens: { all: ["Marker", "NextMarker", "Truncated"] },
    operations: { ...keyOperations(kms), ...aliasOperations(kms), ...policyOperations(kms), ...tagOperations(kms) },
    permissions: permissionsOf(kms),
    facts: () => ({ keys: kms.keys.size }),
  };
}

/** An action needs the permission for its key. The key's policy counts, too. */
const permissionsOf =
  (kms: Kms): NonNullable<LocalService["permissions"]> =>
  (operation, input, call) => {
    const action = `kms:${operation}`;
    const id = input.KeyId ?? input.TargetKeyId;
    if (typeof id !== "string") return [{ action, resource: "*" }];
    try {
      const { arn, policy } = requireKey(kms, id, call);
      return [{ action, resource: arn, policy }];
    } catch {
      return [{ action, resource: "*" }];
    }
  };
