import type { LocalEnv } from "../../core/service.ts";
import type { RdsState } from "./documents.ts";
import type { Engine } from "./engine.ts";
import type { InstanceRegistry } from "./instance-registry.ts";

/** The parts that RDS's operations share. */
export interface Rds {
  readonly env: LocalEnv;
  readonly state: RdsState;
  readonly engine: Engine;
  readonly instances: InstanceRegistry;
}
