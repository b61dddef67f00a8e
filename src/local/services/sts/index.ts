import type { LocalEnv, LocalService } from "../../core/service.ts";

export function stsService(_env: LocalEnv): LocalService {
  return { name: "sts", sdk: () => import("@aws-sdk/client-sts"), operations: {} };
}
