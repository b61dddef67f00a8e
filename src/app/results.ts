import type { FunctionName } from "../config/config.ts";
import type { Planned } from "../engine/decide.ts";
import type { ExecutedResource, ExecutionResult } from "../engine/execute.ts";
import type { Secret } from "../secret.ts";

export interface PlannedResource extends Planned {
  /** For a teardown: its contents and the cost of keeping them. */
  readonly inventory?: string | undefined;
  readonly cost?: string | undefined;
  /** For a create: the important settings. */
  readonly attributes?: Readonly<Record<string, unknown>> | undefined;
}
/** Plain data without methods. */
export interface Plan {
  readonly resources: readonly PlannedResource[];
  readonly cost?: PlanCost | undefined;
}
/** Estimated monthly cost of the resources of the plan, from list prices, without usage. */
export interface PlanCost {
  readonly region: string;
  /** false: the prices of the region are estimates. */
  readonly published: boolean;
  /** Date of the price table. */
  readonly dated: string;
  readonly monthly_usd: number;
  /** Difference to the cost of the present resources. */
  readonly difference_usd: number;
  /** Ids of resources without a price in the table; neither sum includes them. */
  readonly unpriced: readonly string[];
}
export interface ResourceResult extends PlannedResource, ExecutedResource {
  /** Name of the final snapshot of a deleted database. */
  readonly finalSnapshot?: string | undefined;
}
export interface RunResult extends ExecutionResult {
  readonly resources: readonly ResourceResult[];
}
/** Facts about a resource that is ready. */
export interface ResourceFacts {
  /** Number of objects or items. */
  readonly items?: number | undefined;
  /** Size in bytes of the contents, of the code, or of the storage of the database. */
  readonly bytes?: number | undefined;
  /** True when counting stopped at a limit; there can be more. */
  readonly at_least?: boolean;
  /** ISO time of its creation, or of its last deployment. */
  readonly since?: string | undefined;
  /** Version and class, as text. */
  readonly detail?: string | undefined;
}
export interface ResourceStatus extends ResourceFacts {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  /** The state in the words of AWS, or `absent`, `foreign`, or `in <region>` for a global resource of this stack in another region. */
  readonly state: string;
  /** `changing`: AWS works on it, which is not an error. `wrong`: failed, foreign, or with a problem. */
  readonly condition: "ready" | "changing" | "absent" | "wrong";
  readonly healthy: boolean;
  /** Reason why a resource does not serve although AWS reports it as ready. */
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
/** Paths of the secret outputs. */
export const SECRET_OUTPUTS = ["api_key", "api_keys", "database.password", "database.url"] as const;
export interface Outputs {
  readonly api_url: string | null;
  readonly api_id: string | null;
  readonly api_key: Secret | null;
  /** Values of the keys of `keys create`, by name; only with `secrets`. */
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
