import type { LocalEnv, LocalService } from "../../core/service.ts";

export function ec2Service(_env: LocalEnv): LocalService {
  return { name: "ec2", sdk: () => import("@aws-sdk/client-ec2"), operations: {} };
}
