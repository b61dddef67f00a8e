import { JSON_REFUSALS } from "../../core/refusals.ts";
import type { LocalEnv, LocalService } from "../../core/service.ts";
import { loadModel } from "../../core/validation.ts";
import { describeOperations } from "./describe.ts";
import { lifecycleOperations } from "./lifecycle.ts";
import { getRandomPassword } from "./password.ts";
import { permissionsOf, policyOperations } from "./policy.ts";
import { rotationOperations } from "./rotation.ts";
import { secretsOf } from "./secret.ts";
import { valueOperations } from "./values.ts";

/** Values are stored in the journal (mode 0600) and never written to a log. */
export function secretsmanagerService(env: LocalEnv): LocalService {
  const secrets = secretsOf(env);
  return {
    name: "secretsmanager",
    sdk: () => import("@aws-sdk/client-secrets-manager"),
    model: () => loadModel("secretsmanager"),
    refusals: JSON_REFUSALS,
    pageTokens: { all: ["NextToken", "NextToken"] },
    operations: {
      ...lifecycleOperations(env, secrets),
      ...valueOperations(env, secrets),
      ...describeOperations(secrets),
      ...rotationOperations(env, secrets),
      ...policyOperations(secrets),
      GetRandomPassword: getRandomPassword,
    },
    permissions: permissionsOf(secrets),
    facts: () => ({ secrets: env.store.collection("secretsmanager.secrets").size }),
  };
}
