export type { ImportEvent } from "../database/import/import.ts";
export type { CompactEvent } from "../lake/compact.ts";
export type { QueryResult } from "../lake/query.ts";

import type { Artifact } from "../artifacts/artifact.ts";
import type { ApiCall } from "../aws/sign.ts";
import type { Config, FunctionName } from "../config/config.ts";
import type { RunningDashboard } from "../dashboard/dashboard.ts";
import type { AwsLocation } from "../engine/contract.ts";
import type { Decision } from "../engine/decide.ts";
import type { Emit } from "../engine/events.ts";
import type { Clock } from "../engine/ports.ts";
import type { Secret } from "../secret.ts";
import type { DashboardSettings, DatabaseActions, LakeActions } from "./actions.ts";

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
export interface PlannedResource {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly decision: Decision;
  /** ARN or address where it is known or can be foretold. */
  readonly arn?: string | undefined;
  /** For a teardown: what it holds and what keeping it costs. */
  readonly inventory?: string | undefined;
  readonly cost?: string | undefined;
  /** Ours by tag, no longer in the configuration. */
  readonly orphan?: boolean;
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
export interface ResourceResult extends PlannedResource {
  readonly status: "planned" | "done" | "failed" | "skipped";
  readonly durationMs: number;
  /** AWS finishes it without us: nobody waited. */
  readonly settling?: boolean;
  /** Name of the snapshot that a deleted database leaves. */
  readonly finalSnapshot?: string | undefined;
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string } | undefined;
}
export interface RunResult {
  readonly ok: boolean;
  readonly resources: readonly ResourceResult[];
  /** The first failure, as the exit code and the JSON error report it. */
  readonly error: unknown;
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
export interface OutputOptions {
  /** Fetches the API keys and the database password, too. */
  readonly secrets: boolean;
  /** Reads what these outputs need and leaves the others null; default: all. */
  readonly only?: readonly (keyof Outputs)[] | undefined;
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
