import type { LocalEnv, LocalService } from "../../core/service.ts";

export function dynamodbService(_env: LocalEnv): LocalService {
  return { name: "dynamodb", sdk: () => import("@aws-sdk/client-dynamodb"), operations: {} };
}
