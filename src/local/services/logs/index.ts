import type { LocalEnv, LocalService } from "../../core/service.ts";

export function logsService(_env: LocalEnv): LocalService {
  return { name: "logs", sdk: () => import("@aws-sdk/client-cloudwatch-logs"), operations: {} };
}
