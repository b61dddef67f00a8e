import type { LocalEnv, LocalService } from "../../core/service.ts";

export function iamService(_env: LocalEnv): LocalService {
  return { name: "iam", sdk: () => import("@aws-sdk/client-iam"), operations: {} };
}
