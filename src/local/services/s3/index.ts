import type { LocalEnv, LocalService } from "../../core/service.ts";

export function s3Service(_env: LocalEnv): LocalService {
  return { name: "s3", sdk: () => import("@aws-sdk/client-s3"), operations: {} };
}
