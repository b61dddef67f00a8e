import type { App } from "./app/contract.ts";
import type { Outputs, Plan, ResourceStatus, RunResult } from "./app/results.ts";
import type { Config } from "./config/config.ts";
import { type LoadedConfig, type LoadOptions, loadConfig, validateConfig } from "./config/load.ts";
import type { EngineEvent } from "./engine/events.ts";

/**
 * The library, `import … from "fleetlogix"`: the actions of the command as functions. They throw failures as FleetlogixError: its `code` is
 * stable, and docs/errors.md explains it.
 */
export type {
  LockHolder,
  Outputs,
  Plan,
  PlanCost,
  PlannedResource,
  ResourceFacts,
  ResourceResult,
  ResourceStatus,
  RunResult,
} from "./app/results.ts";
export type { Config, FunctionName } from "./config/config.ts";
export { ConfigError, type Problem } from "./config/config-error.ts";
export type { Change } from "./engine/contract.ts";
export type { Decision } from "./engine/decide.ts";
export type { EngineEvent } from "./engine/events.ts";
export { type Code, type ErrorDetail, FleetlogixError } from "./errors.ts";
export { Secret } from "./secret.ts";

export interface ConfigOptions {
  /** Path of the file, from `folder`; default: `fleetlogix.config.json`, and every default value when that file does not exist. */
  readonly file?: string | undefined;
  /** Folder that `file` is read from; default: the current one. */
  readonly folder?: string | undefined;
  /** Name of the environment, as `--env`; default: the file's own, else `dev`. */
  readonly environment?: string | undefined;
  /** AWS region, as `--region`; default: the file's own, else AWS_REGION, AWS_DEFAULT_REGION, `us-east-1`. */
  readonly region?: string | undefined;
}
export interface ReadConfig {
  /** All settings with their values. A setting that is missing in the file has its default. */
  readonly config: Config;
  /** Absolute path of the file; undefined when there is none. */
  readonly file: string | undefined;
  /** Notes about valid values that are perhaps a mistake, such as an unknown region. */
  readonly notes: readonly string[];
}

/** Reads and checks a configuration. Makes no call. Throws CONFIG_MISSING, or a ConfigError with all problems at once. */
export function readConfig(options: ConfigOptions = {}): ReadConfig {
  const { config, file, notes }: LoadedConfig = loadConfig(loadOptions(options));
  return { config, file, notes };
}

/** Checks a configuration for every environment that the file names, or for `options.environment` alone. Throws as `readConfig` does. */
export function checkConfig(
  options: ConfigOptions = {},
): Pick<ReadConfig, "file" | "notes"> & { readonly environments: readonly string[] } {
  return validateConfig(loadOptions(options));
}

const loadOptions = ({ file, folder, environment, region }: ConfigOptions): LoadOptions => ({
  file,
  env: environment,
  region,
  cwd: folder ?? process.cwd(),
  variables: process.env,
});

export interface StackOptions {
  /**
   * A local AWS, as `startLocalAws` of `fleetlogix/local` returns it. Other addresses than loopback and other accounts than 000000000000
   * are refused (LOCAL_REFUSED).
   */
  readonly local?: { readonly endpoint: string; readonly certificateFile?: string | undefined } | undefined;
  /** URL of another AWS-compatible endpoint; default: AWS_ENDPOINT_URL, the profile's `endpoint_url`, AWS. */
  readonly endpoint?: string | undefined;
  /** Profile of the shared AWS configuration; default: the SDK's own chain of credentials. */
  readonly profile?: string | undefined;
  /** Number of resources in work at once, 1 to 64; default 8. */
  readonly concurrency?: number | undefined;
  /** Ends the work early: calls in flight finish, no other one starts, and the run fails with INTERRUPTED. A rerun continues. */
  readonly signal?: AbortSignal | undefined;
}
export interface PlanOptions {
  /** `all` (default): the whole stack. `data`: the data layer alone, as in `fleetlogix setup`. */
  readonly part?: "all" | "data" | undefined;
  /** Adopts resources that have one of the stack's names and no stack tag; default false: they are refused (OWNER_FOREIGN). */
  readonly adopt?: boolean | undefined;
  /** Ids of resources that may lose their data when a change replaces them, such as `table.deliveries`; default none. */
  readonly allowDataLoss?: readonly string[] | undefined;
}
export interface UpOptions extends Omit<PlanOptions, "part"> {
  /** false: returns before the database is ready, which takes AWS 5 to 20 minutes; default true. */
  readonly wait?: boolean | undefined;
  /** Called with each event of the run. */
  readonly onEvent?: ((event: EngineEvent) => void) | undefined;
}
export interface TeardownOptions {
  /** Deletes the bucket, the tables and the database, too, with their contents; default false: they are kept. */
  readonly deleteData?: boolean | undefined;
  /** With `deleteData`: makes no final snapshot of the database; default false. */
  readonly skipFinalSnapshot?: boolean | undefined;
  /** false: returns before AWS has finished the deletions; default true. */
  readonly wait?: boolean | undefined;
  readonly onEvent?: ((event: EngineEvent) => void) | undefined;
}
/** One stack in one account and region. Every method reads the live state; nothing is kept between two calls. */
export interface Stack {
  /** `<project>/<environment>`, the value of the tag `fleetlogix:stack`. */
  readonly name: string;
  readonly account: string;
  readonly region: string;
  /** The plan of `up`, or of `setup` with `part: "data"`. Writes nothing. */
  plan(options?: PlanOptions): Promise<Plan>;
  /** The plan of `teardown`: what it deletes and keeps. Writes nothing. */
  planTeardown(options?: TeardownOptions): Promise<Plan>;
  /** Brings the whole stack to the configured state. A refusal is thrown before the first write. A later failure is the result's `error`. */
  up(options?: UpOptions): Promise<RunResult>;
  /** The same for the data layer alone: bucket, tables, topic, database and its network. */
  setup(options?: UpOptions): Promise<RunResult>;
  /** Deletes the stack and nothing that does not carry its tag. It asks no question: show `planTeardown` first when a person decides. */
  teardown(options?: TeardownOptions): Promise<RunResult>;
  /** Every resource and the state that AWS reports for it. */
  status(): Promise<readonly ResourceStatus[]>;
  /** Addresses and names; null where the resource does not exist. With `secrets`, the API key and the database's password and URL, too. */
  outputs(options?: { readonly secrets?: boolean | undefined }): Promise<Outputs>;
}

/** Finds the account (one call to STS) and opens the configuration's stack there. Throws CREDENTIALS, ENDPOINT_UNREACHABLE, LOCAL_REFUSED. */
export async function openStack(config: Config, options: StackOptions = {}): Promise<Stack> {
  // Loaded on demand, because checking a configuration needs no SDK.
  const { openApp } = await import("./app.ts");
  const { local, profile, concurrency = 8, signal = new AbortController().signal } = options;
  const endpoint = local?.endpoint ?? options.endpoint ?? (process.env.AWS_ENDPOINT_URL || undefined);
  const localCaFile = local?.certificateFile;
  return stackOf(await openApp(config, { endpoint, local: local !== undefined, localCaFile, profile, concurrency, signal }));
}

function stackOf(app: App): Stack {
  const change = ({ adopt = false, allowDataLoss = [], wait = true }: UpOptions) => ({ adopt, allowDataLoss, wait });
  const removal = ({ deleteData = false, skipFinalSnapshot = false, wait = true }: TeardownOptions) => ({
    deleteData,
    skipFinalSnapshot,
    wait,
  });
  const ignore = (): void => {};
  return {
    name: app.stack,
    account: app.place.account,
    region: app.place.region,
    plan: ({ part = "all", ...how } = {}) => app.plan({ part }, change(how)),
    planTeardown: (how = {}) => app.planTeardown(removal(how)),
    up: (how = {}) => app.apply({ part: "all" }, change(how), how.onEvent ?? ignore),
    setup: (how = {}) => app.apply({ part: "data" }, change(how), how.onEvent ?? ignore),
    teardown: (how = {}) => app.teardown(removal(how), how.onEvent ?? ignore),
    status: () => app.status(),
    outputs: ({ secrets = false } = {}) => app.outputs({ secrets }),
  };
}
