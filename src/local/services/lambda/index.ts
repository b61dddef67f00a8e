import type { LocalEnv, LocalService } from "../../core/service.ts";

export function lambdaService(_env: LocalEnv): LocalService {
  return { name: "lambda", sdk: () => import("@aws-sdk/client-lambda"), operations: {} };
}
