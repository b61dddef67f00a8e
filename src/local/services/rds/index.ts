import type { LocalEnv, LocalService } from "../../core/service.ts";

export function rdsService(_env: LocalEnv): LocalService {
  return { name: "rds", sdk: () => import("@aws-sdk/client-rds"), operations: {} };
}
