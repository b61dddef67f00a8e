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

/** Which part of the stack a command is about; `functions` narrows deploy-lambdas. Needs of the part come with it. */
export interface Scope {
  readonly part: "all" | "data" | "functions" | "api";
  readonly functions?: readonly FunctionName[];
}
export interface AppOptions {
  readonly endpoint?: string | undefined;
  /** true: the endpoint is the embedded local AWS; anything but loopback and account 000000000000 is refused. */
  readonly local: boolean;
  readonly profile?: string | undefined;
  /** PEM file of further authorities to trust; default: AWS_CA_BUNDLE, or the profile's `ca_bundle`. */
  readonly caBundle?: string | undefined;
  readonly concurrency: number;
  readonly signal: AbortSignal;
  /** PEM file of the authority of the databases at an endpoint other than AWS. */
  readonly localCaFile?: string | undefined;
  /** Time other than the computer's own. */
  readonly clock?: Clock | undefined;
  /** How long one call may go without an answer; default one minute. */
  readonly requestTimeoutMs?: number | undefined;
  /** How long a call that changes nothing is asked again; default: as long as its kind of failure may last. */
  readonly patienceMs?: number | undefined;
  /** Zips that are there already; default: bundled from handlers/ on first use. */
  readonly artifacts?: ((names: readonly FunctionName[]) => Promise<ReadonlyMap<FunctionName, Artifact>>) | undefined;
  /** Hears `service:Operation` of every call that goes out. */
  readonly onCall?: ((operation: string) => void) | undefined;
}
export interface RunOptions {
  readonly adopt: boolean;
  readonly allowDataLoss: readonly string[];
  readonly wait: boolean;
  /** Ids that the plan which somebody saw removes or replaces: no others are. undefined: nobody was asked. */
  readonly confirmed?: ReadonlySet<string> | undefined;
  /** Made a moment ago: `apply` executes it and does not read again what it has read. */
  readonly plan?: Plan | undefined;
}
export interface TeardownOptions {
  readonly deleteData: boolean;
  readonly skipFinalSnapshot: boolean;
  readonly wait: boolean;
  /** The stack stays: only what its configuration no longer names goes. */
  readonly orphansOnly?: boolean | undefined;
  /** As for a run. */
  readonly confirmed?: ReadonlySet<string> | undefined;
}
export interface OutputOptions {
  /** Fetches the API keys and the database password, too. */
  readonly secrets: boolean;
  /** Reads what these outputs need and leaves the others null; default: all. */
  readonly only?: readonly (keyof Outputs)[] | undefined;
  /** Of a run that has just ended: these resources are not read again. */
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
  /** How far back. */
  readonly sinceMs: number;
  readonly follow: boolean;
  /** With `follow`: pause between two looks; default two seconds. */
  readonly pollMs?: number | undefined;
  /** CloudWatch's filter pattern: other lines are not even sent. */
  readonly filterPattern?: string | undefined;
}
export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly severity: "error" | "warning" | "info";
  readonly message: string;
  /** The command or click that mends it. */
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
  /** Where the sources lie. */
  readonly folder: string;
  /** Bundles the sources as they are now and deploys the functions whose code differs from the last time. `saved`: the files below `folder` that changed; undefined: any. */
  deploy(saved?: readonly string[], options?: RunOptions): Promise<Redeployment>;
  close(): Promise<void>;
}
/** A function whose alias went back to an earlier version. */
export interface Rollback {
  readonly function: FunctionName;
  readonly from: string;
  readonly to: string;
}
/** One control of the audit, held against the live stack. */
export interface AuditRow {
  readonly id: string;
  /** `default`: in both hardenings. `prod`: in production. `declined`: in none. */
  readonly class: "default" | "prod" | "declined";
  readonly service: string;
  readonly severity: "critical" | "high" | "medium" | "low";
  readonly title: string;
  readonly status: "pass" | "fail" | "declined";
  /** Why it is declined; null otherwise. */
  readonly reason: string | null;
  /** What was seen, by the name of each resource. */
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
/** A key of an app, a partner or a depot, without its value. */
export interface ApiKeyInfo {
  readonly name: string;
  readonly id: string | null;
  /** `incomplete`: a create or revoke was interrupted; run again, it completes. */
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
/** The composition root: the one place where config, stack, engine and AWS meet. Commands call this; nothing else wires. */
export interface App {
  readonly place: AwsLocation;
  readonly stack: string;
  plan(scope: Scope, options: RunOptions): Promise<Plan>;
  /** Decides anew on fresh reads; does nothing more dangerous than was `confirmed`. Refusals throw before any write. */
  apply(scope: Scope, options: RunOptions, emit: Emit): Promise<RunResult>;
  /** For working on the functions: deploys what has changed each time it is asked. */
  redeployer(names: readonly FunctionName[]): Promise<Redeployer>;
  planTeardown(options: TeardownOptions): Promise<Plan>;
  teardown(options: TeardownOptions, emit: Emit): Promise<RunResult>;
  status(): Promise<readonly ResourceStatus[]>;
  /** The run that works on the stack now; undefined: none, or none that can be known. */
  lockHolder(): Promise<LockHolder | undefined>;
  outputs(options: OutputOptions): Promise<Outputs>;
  /** The alias of each function goes back: to the named version, else to the one before. The next run goes forward again. */
  rollBack(names: readonly FunctionName[], version: string | undefined): Promise<readonly Rollback[]>;
  invoke(name: FunctionName, event: string): Promise<InvokeResult>;
  /** Oldest first; with `follow` goes on until the signal aborts. */
  logs(names: readonly FunctionName[], options: LogOptions): AsyncIterable<LogLine>;
  /** Headers with which an API with `auth: iam` lets the call in. */
  signCall(call: ApiCall): Promise<Readonly<Record<string, string>>>;
  /** The stack's own database. */
  readonly database: DatabaseActions;
  keys(): Promise<readonly ApiKeyInfo[]>;
  /** Makes a key with limits of its own, or changes the limits of the one with this name. */
  createKey(name: string, limits: ApiKeyLimits): Promise<ApiKeyInfo>;
  revokeKey(name: string): Promise<void>;
  /** Snowflake's set-up for this stack; holds no secret. */
  snowflakeSql(): string;
  /** What the bucket holds of the past. */
  readonly lake: LakeActions;
  /** Serves the fleet's page on this computer until the signal aborts. NOT_DEPLOYED without an API, PORT_BUSY when the port is taken. */
  dashboard(settings: DashboardSettings): Promise<RunningDashboard>;
  /** `hear` gets the findings of each check as it ends; none takes longer than ten seconds. */
  doctor(hear?: (findings: readonly Finding[]) => void): Promise<readonly Finding[]>;
  /** The live stack against the security controls; reads only. */
  audit(): Promise<Audit>;
  /** The least policy under which `command` can be run for this configuration; USAGE for a command that needs none. */
  permissions(command: string): PermissionsOf;
  /** The same, in documents of which each fits into one managed policy. */
  permissionParts(command: string): readonly PermissionsOf[];
  /** Removes a lock that a dead run left. */
  forceUnlock(): Promise<void>;
}
export type OpenApp = (config: Config, options: AppOptions) => Promise<App>;
