import type { LocalEnv } from "../../core/service.ts";
import type { RdsState } from "./documents.ts";
import type { Engine } from "./engine.ts";
import type { Fleet } from "./fleet.ts";

/** What RDS's operations work with. */
export interface Rds {
  readonly env: LocalEnv;
  readonly state: RdsState;
  readonly engine: Engine;
  readonly fleet: Fleet;
}
