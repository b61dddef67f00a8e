import type { LocalEnv, LocalService } from "../../core/service.ts";

export function snsService(_env: LocalEnv): LocalService {
  return { name: "sns", sdk: () => import("@aws-sdk/client-sns"), operations: {} };
}
