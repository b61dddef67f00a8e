import type { LocalEnv, LocalService } from "../../core/service.ts";

export function secretsmanagerService(_env: LocalEnv): LocalService {
  return { name: "secretsmanager", sdk: () => import("@aws-sdk/client-secrets-manager"), operations: {} };
}
