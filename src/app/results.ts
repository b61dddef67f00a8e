import type { FunctionName } from "../config/config.ts";
import type { Planned } from "../engine/decide.ts";
import type { ResourceResult as EngineResult, ExecutionResult } from "../engine/execute.ts";
import type { Secret } from "../secret.ts";

export interface PlannedResource extends Planned {
  /** For a teardown: what it holds and what keeping it costs. */
  readonly inventory?: string | undefined;
  readonly cost?: string | undefined;
  /** Of what will be made: its important settings. */
  readonly attributes?: Readonly<Record<string, unknown>> | undefined;
}
/** Plain data: it can be printed, saved, compared. */
export interface Plan {
  readonly resources: readonly PlannedResource[];
  readonly cost?: PlanCost | undefined;
}
/** An estimate of what the resources of the plan cost a month without being used, from list prices; what is used comes on top. */
export interface PlanCost {
  readonly region: string;
  /** false: the region's prices are estimated themselves. */
  readonly published: boolean;
  /** Day of the price table. */
  readonly dated: string;
  readonly monthly_usd: number;
  /** Against what is there now. */
  readonly difference_usd: number;
  /** Ids of resources whose price is not in the table: they are in neither sum. */
  readonly unpriced: readonly string[];
}
export interface ResourceResult extends PlannedResource, EngineResult {
  /** Name of the snapshot that a deleted database leaves. */
  readonly finalSnapshot?: string | undefined;
}
export interface RunResult extends ExecutionResult {
  readonly resources: readonly ResourceResult[];
}
/** What people ask of the things that work. */
export interface ResourceFacts {
  /** Objects or items in it. */
  readonly items?: number | undefined;
  /** Size in bytes: of what it holds, of the code, of the database's storage. */
  readonly bytes?: number | undefined;
  /** There is more than that: counting stopped. */
  readonly at_least?: boolean;
  /** ISO time when it was made, or last deployed. */
  readonly since?: string | undefined;
  /** Version and class, as a phrase. */
  readonly detail?: string | undefined;
}
export interface ResourceStatus extends ResourceFacts {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  /** AWS's own word, or `absent`, `foreign`, or `in <region>` for what is global and belongs to this stack elsewhere. */
  readonly state: string;
  /** `changing`: AWS is at work on it, which is no error. `wrong`: failed, foreign, or in trouble. */
  readonly condition: "ready" | "changing" | "absent" | "wrong";
  readonly healthy: boolean;
  /** Why it does not serve although AWS calls it ready. */
  readonly trouble?: string | undefined;
  readonly arn?: string | undefined;
  readonly address?: string | undefined;
}
/** The run that works on the stack now. */
export interface LockHolder {
  /** `user on host`. */
  readonly who: string;
  readonly command: string;
  readonly pid: number;
  /** ISO time. */
  readonly since: string;
}
/** Paths of the outputs that are secrets. */
export const SECRET_OUTPUTS = ["api_key", "api_keys", "database.password", "database.url"] as const;
export interface Outputs {
  readonly api_url: string | null;
  readonly api_id: string | null;
  readonly api_key: Secret | null;
  /** Values of the keys that `keys create` made, by name; only with `secrets`. */
  readonly api_keys?: Readonly<Record<string, Secret>> | undefined;
  readonly bucket: string | null;
  readonly tables: Readonly<Record<"deliveries" | "alerts" | "vehicles" | "routes", string | null>>;
  readonly topic_arn: string | null;
  readonly functions: Readonly<
    Record<FunctionName, { readonly name: string; readonly arn: string; readonly version: string | null } | null>
  >;
  readonly database: {
    readonly identifier: string;
    readonly status: string;
    readonly host: string | null;
    readonly port: number | null;
    readonly name: string;
    readonly username: string;
    readonly secret_arn: string | null;
    readonly password: Secret | null;
    /** postgresql:// URL with the password and sslmode. */
    readonly url: Secret | null;
  } | null;
}
