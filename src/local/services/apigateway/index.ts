import type { LocalEnv, LocalService } from "../../core/service.ts";

export function apigatewayService(_env: LocalEnv): LocalService {
  return { name: "apigateway", sdk: () => import("@aws-sdk/client-api-gateway"), operations: {} };
}
