export type { ImportEvent } from "../database/import/import.ts";
export type { CompactEvent } from "../lake/compact.ts";
export type { QueryResult } from "../lake/query.ts";
export type * from "./results.ts";

import type { Artifact } from "../artifacts/artifact.ts";
import type { ApiCall } from "../aws/sign.ts";
import type { Config, FunctionName } from "../config/config.ts";
import type { RunningDashboard } from "../dashboard/dashboard.ts";
import type { AwsLocation } from "../engine/contract.ts";
import type { Emit } from "../engine/events.ts";
import type { Clock } from "../engine/ports.ts";
import type { DashboardSettings, DatabaseActions, LakeActions } from "./actions.ts";
import type { LockHolder, Outputs, Plan, ResourceStatus, RunResult } from "./results.ts";

/** The part of the stack that a command works on, with the dependencies of the part. `functions`: these functions only. */
export interface Scope {
  readonly part: "all" | "data" | "functions" | "api";
  readonly functions?: readonly FunctionName[];
}
export interface AppOptions {
  readonly endpoint?: string | undefined;
  /** true: the endpoint is the embedded local AWS. An address other than loopback, or another account than 000000000000, is refused. */
  readonly local: boolean;
  readonly profile?: string | undefined;
  /** PEM file of additional certificate authorities; default: AWS_CA_BUNDLE, or the profile's `ca_bundle`. */
  readonly caBundle?: string | undefined;
  readonly concurrency: number;
  readonly signal: AbortSignal;
  /** PEM file of the certificate authority of databases at an endpoint other than AWS. */
  readonly localCaFile?: string | undefined;
  /** Default: the clock of the computer. */
  readonly clock?: Clock | undefined;
  /** Timeout of one call in milliseconds; default: one minute. */
  readonly requestTimeoutMs?: number | undefined;
  /** Milliseconds after the first attempt of a read; later failures are not retried. Default: depends on the retry class. */
  readonly patienceMs?: number | undefined;
  /** Prepared zips; default: made from handlers/ at first use. */
  readonly artifacts?: ((names: readonly FunctionName[]) => Promise<ReadonlyMap<FunctionName, Artifact>>) | undefined;
  /** Called with `service:Operation` for every call that is sent. */
  readonly onCall?: ((operation: string) => void) | undefined;
}
export interface RunOptions {
  readonly adopt: boolean;
  readonly allowDataLoss: readonly string[];
  readonly wait: boolean;
  /** Ids of the resources that a confirmed plan deletes or replaces: no others may be. undefined: without confirmation. */
  readonly confirmed?: ReadonlySet<string> | undefined;
  /** A plan that was just made: `apply` executes it without reading the resources a second time. */
  readonly plan?: Plan | undefined;
}
export interface TeardownOptions {
  readonly deleteData: boolean;
  readonly skipFinalSnapshot: boolean;
  readonly wait: boolean;
  /** Deletes orphans only; the stack stays. */
  readonly orphansOnly?: boolean | undefined;
  /** The same as in `RunOptions`. */
  readonly confirmed?: ReadonlySet<string> | undefined;
  /** A plan that was just made for the same options: the teardown executes it, and reads each resource once more before its deletion. */
  readonly plan?: Plan | undefined;
}
export interface OutputOptions {
  /** Reads also the API keys and the database password. */
  readonly secrets: boolean;
  /** Reads these outputs only, the others are null; default: all. */
  readonly only?: readonly (keyof Outputs)[] | undefined;
  /** Outputs of a run that just ended: these resources are not read a second time. */
  readonly known?: ReadonlyMap<string, unknown> | undefined;
}
export interface InvokeResult {
  readonly status: number;
  readonly functionError: string | null;
  readonly payload: string;
  readonly logTail: string;
  readonly version: string;
}
export interface LogLine {
  readonly function: FunctionName;
  readonly timestamp: number;
  readonly message: string;
}
export interface LogOptions {
  /** Length of the time range that ends now. */
  readonly sinceMs: number;
  readonly follow: boolean;
  /** With `follow`: pause between two reads; default: two seconds. */
  readonly pollMs?: number | undefined;
  /** Filter pattern of CloudWatch: it sends matching lines only. */
  readonly filterPattern?: string | undefined;
}
export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly severity: "error" | "warning" | "info";
  readonly message: string;
  /** The command or the setting that corrects it. */
  readonly fix: string | null;
}
export interface Redeployment {
  readonly ok: boolean;
  /** Functions that got new code or settings. */
  readonly functions: readonly FunctionName[];
  /** The first failure. */
  readonly error: unknown;
}
export interface Redeployer {
  /** Folder of the sources. */
  readonly folder: string;
  /** Bundles the sources and deploys the functions whose code differs from the last deployment. `saved`: the changed files below `folder`; undefined: any. */
  deploy(saved?: readonly string[], options?: RunOptions): Promise<Redeployment>;
  close(): Promise<void>;
}
/** A function whose alias now points to an earlier version. */
export interface Rollback {
  readonly function: FunctionName;
  readonly from: string;
  readonly to: string;
}
/** One control of the audit, and its result for the live stack. */
export interface AuditRow {
  readonly id: string;
  /** `default`: in both hardenings. `prod`: in production. `declined`: in none. */
  readonly class: "default" | "prod" | "declined";
  readonly service: string;
  readonly severity: "critical" | "high" | "medium" | "low";
  readonly title: string;
  readonly status: "pass" | "fail" | "declined";
  /** Reason of a declined control; null otherwise. */
  readonly reason: string | null;
  /** The observed values, by name of the resource. */
  readonly resources: readonly { readonly name: string; readonly ok: boolean; readonly message: string }[];
}
export interface Audit {
  readonly stack: string;
  readonly hardening: "development" | "production";
  /** No control of critical or high severity fails. */
  readonly ok: boolean;
  readonly summary: { readonly pass: number; readonly fail: number; readonly declined: number };
  readonly controls: readonly AuditRow[];
}
/** An API key of an app, a partner or a depot, without its value. */
export interface ApiKeyInfo {
  readonly name: string;
  readonly id: string | null;
  /** `incomplete`: a create or revoke was interrupted; a rerun completes it. */
  readonly state: "enabled" | "disabled" | "incomplete";
  /** Calls a second, and at once. */
  readonly rate_limit: number | null;
  readonly burst_limit: number | null;
}
export interface ApiKeyLimits {
  /** Calls a second. */
  readonly rateLimit: number;
  /** Calls at once. */
  readonly burstLimit: number;
  /** Calls a day; default: what the rate allows in a day. */
  readonly dailyQuota?: number | undefined;
}
/** A policy of IAM, as it is attached to the deployer. */
export interface PermissionsOf {
  readonly Version: "2012-10-17";
  readonly Statement: readonly {
    readonly Effect: "Allow";
    readonly Action: readonly string[];
    readonly Resource: "*" | readonly string[];
  }[];
}
/** The composition root: it alone connects config, stack, engine and AWS. Commands call it. */
export interface App {
  readonly place: AwsLocation;
  readonly stack: string;
  plan(scope: Scope, options: RunOptions): Promise<Plan>;
  /** Makes a plan from new reads and executes it; deletes or replaces nothing that was not `confirmed`. Refusals throw before any write. */
  apply(scope: Scope, options: RunOptions, emit: Emit): Promise<RunResult>;
  /** For development of the functions: each call deploys those that changed. */
  redeployer(names: readonly FunctionName[]): Promise<Redeployer>;
  planTeardown(options: TeardownOptions): Promise<Plan>;
  teardown(options: TeardownOptions, emit: Emit): Promise<RunResult>;
  status(): Promise<readonly ResourceStatus[]>;
  /** The run that works on the stack now; undefined: none, or the lock cannot be read. */
  lockHolder(): Promise<LockHolder | undefined>;
  outputs(options: OutputOptions): Promise<Outputs>;
  /** Points the alias of each function to the given version, otherwise to the previous one. The next run deploys the newest version. */
  rollBack(names: readonly FunctionName[], version: string | undefined): Promise<readonly Rollback[]>;
  invoke(name: FunctionName, event: string): Promise<InvokeResult>;
  /** Oldest first; with `follow` it continues until the signal aborts. */
  logs(names: readonly FunctionName[], options: LogOptions): AsyncIterable<LogLine>;
  /** Headers with the signature that an API with `auth: iam` requires. */
  signCall(call: ApiCall): Promise<Readonly<Record<string, string>>>;
  /** The stack's own database. */
  readonly database: DatabaseActions;
  keys(): Promise<readonly ApiKeyInfo[]>;
  /** Creates a key with its own limits, or changes the limits of the key with this name. */
  createKey(name: string, limits: ApiKeyLimits): Promise<ApiKeyInfo>;
  revokeKey(name: string): Promise<void>;
  /** SQL that sets up Snowflake for this stack; it has no secret. */
  snowflakeSql(): string;
  /** The history in the bucket. */
  readonly lake: LakeActions;
  /** Serves the dashboard on this computer until the signal aborts. NOT_DEPLOYED without an API, PORT_BUSY when the port is in use. */
  dashboard(settings: DashboardSettings): Promise<RunningDashboard>;
  /** `report` gets the findings of each check when it ends. Each check ends within ten seconds. */
  doctor(report?: (findings: readonly Finding[]) => void): Promise<readonly Finding[]>;
  /** Checks the live stack against the security controls; reads only. */
  audit(): Promise<Audit>;
  /** The smallest policy that `command` needs for this configuration; USAGE for a command that needs none. */
  permissions(command: string): PermissionsOf;
  /** The same as several documents; each fits into one managed policy. */
  permissionParts(command: string): readonly PermissionsOf[];
  /** Removes the lock of a run that ended without removing it. */
  forceUnlock(): Promise<void>;
}
export type OpenApp = (config: Config, options: AppOptions) => Promise<App>;
