import type { Architecture, LogFormat, TracingMode, VpcConfigResponse } from "@aws-sdk/client-lambda";
import type { LocalEnv } from "../../core/service.ts";
import type { Collection } from "../../core/store.ts";
import { absent, conflict, userFault } from "./faults.ts";
import type { Reference } from "./reference.ts";

/** A function's configuration with all defaults. */
export interface Config {
  readonly runtime: string;
  readonly role: string;
  readonly handler: string;
  readonly description: string;
  /** Seconds. */
  readonly timeout: number;
  readonly memoryMb: number;
  /** Undefined when never set. An empty map that was set is shown. */
  readonly environment: Readonly<Record<string, string>> | undefined;
  readonly tracing: TracingMode;
  readonly storageMb: number;
  readonly architecture: Architecture;
  readonly logFormat: LogFormat;
  readonly logGroup: string;
  readonly applicationLogLevel?: string | undefined;
  readonly systemLogLevel?: string | undefined;
  readonly deadLetterArn?: string | undefined;
  readonly kmsKeyArn?: string | undefined;
  /** The KMS key that encrypted the variables. A new key applies only when the variables are sent again. */
  readonly environmentKeyArn?: string | undefined;
  readonly vpc?: VpcConfigResponse | undefined;
}
/** Code and configuration: `$LATEST`, or an immutable published version. */
export interface Revision {
  readonly version: string;
  readonly config: Config;
  /** base64, as in AWS's responses. */
  readonly codeSha256: string;
  readonly codeSize: number;
  /** A change of the resource policy and a publication give a new one, too. */
  readonly revisionId: string;
  /** The revision id while the creation or update is in progress. It stays, so that it names the code and configuration. */
  readonly changeId?: string | undefined;
  /** Milliseconds since the epoch, like the next two. */
  readonly modified: number;
  /** The state is Pending before this time, and Active from then on. */
  readonly activeAt: number;
  /** The last update is InProgress before this time, and Successful from then on. */
  readonly settledAt: number;
  /** For a published version: the content of `$LATEST` when it was published. */
  readonly source?: string;
}
export interface FunctionRecord {
  readonly name: string;
  readonly region: string;
  readonly latest: Revision;
  /** The revision that serves calls while an update of `latest` is in progress. */
  readonly previous?: Revision | undefined;
  readonly lastVersion: number;
  readonly reserved?: number | undefined;
  readonly tags: Readonly<Record<string, string>>;
}
export interface AliasRecord {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  /** Version → share of the calls, 0…1. */
  readonly weights: Readonly<Record<string, number>>;
  readonly revisionId: string;
}
export interface PolicyRecord {
  /** The revision id that the function, version or alias got with the last change of the policy. */
  readonly revisionId: string;
  readonly statements: readonly Statement[];
}
export interface Statement {
  readonly Sid: string;
  readonly Effect: "Allow";
  readonly Principal: string | Readonly<Record<string, string>>;
  readonly Action: string;
  readonly Resource: string;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}
export interface EventConfig {
  readonly modified: number;
  readonly retries?: number | undefined;
  readonly maxAgeSeconds?: number | undefined;
  readonly onSuccess?: string | undefined;
  readonly onFailure?: string | undefined;
}
/** An accepted asynchronous call. It is stored until it is done, so that a crash does not lose it. */
export interface QueuedEvent {
  readonly requestId: string;
  readonly region: string;
  readonly name: string;
  readonly qualifier?: string | undefined;
  /** base64 */
  readonly payload: string;
  readonly acceptedAt: number;
  readonly dueAt: number;
  /** `attempts`: calls that reached the function. `refusals`: calls that were throttled or refused before it. */
  readonly attempts: number;
  readonly refusals: number;
}

export interface Lambda {
  readonly env: LocalEnv;
  readonly functions: Collection<FunctionRecord>;
  readonly versions: Collection<Revision>;
  readonly aliases: Collection<AliasRecord>;
  readonly policies: Collection<PolicyRecord>;
  readonly eventConfigs: Collection<EventConfig>;
  readonly events: Collection<QueuedEvent>;
}
export const openLambda = (env: LocalEnv): Lambda => ({
  env,
  functions: env.store.collection("lambda.functions"),
  versions: env.store.collection("lambda.versions"),
  aliases: env.store.collection("lambda.aliases"),
  policies: env.store.collection("lambda.policies"),
  eventConfigs: env.store.collection("lambda.eventConfigs"),
  events: env.store.collection("lambda.events"),
});

/** Store key of a function, or of a document of one of its qualifiers. */
export const keyOf = (at: { readonly region: string; readonly name: string }, qualifier?: string): string =>
  qualifier === undefined ? `${at.region}/${at.name}` : `${at.region}/${at.name}/${qualifier}`;
export const arnOf = (lambda: Lambda, at: { readonly region: string; readonly name: string }, qualifier?: string): string =>
  `arn:aws:lambda:${at.region}:${lambda.env.account}:function:${at.name}${qualifier ? `:${qualifier}` : ""}`;

export function requireFunction(lambda: Lambda, at: Reference): FunctionRecord {
  const found = lambda.functions.get(keyOf(at));
  if (!found) throw notFound(lambda, at);
  return found;
}
export const notFound = (lambda: Lambda, at: Reference): Error => absent(`Function not found: ${arnOf(lambda, at, at.qualifier)}`);
export function requireAlias(lambda: Lambda, at: Reference, name: string): AliasRecord {
  const found = lambda.aliases.get(keyOf(at, name));
  if (!found) throw absent(`Cannot find alias arn: ${arnOf(lambda, at, name)}`);
  return found;
}

/** The revision of a qualifier. An alias with weights selects by `spread` (0…1). Throws ResourceNotFoundException. */
export function requireRevision(lambda: Lambda, at: Reference, spread = 1): Revision {
  const fn = requireFunction(lambda, at);
  if (at.qualifier === undefined || at.qualifier === "$LATEST") return fn.latest;
  const alias = lambda.aliases.get(keyOf(at, at.qualifier));
  const version = alias ? weighted(alias, spread) : at.qualifier;
  const found = lambda.versions.get(keyOf(at, version));
  if (!found) throw notFound(lambda, at);
  return found;
}
function weighted(alias: AliasRecord, spread: number): string {
  let sum = 0;
  for (const [version, weight] of Object.entries(alias.weights)) {
    sum += weight;
    if (spread < sum) return version;
  }
  return alias.version;
}

/** All documents of a function's qualifiers, as `[qualifier, document]`. */
export function documentsOf<T>(collection: Collection<T>, at: { readonly region: string; readonly name: string }): [string, T][] {
  const prefix = `${keyOf(at)}/`;
  return collection.entries().flatMap(([key, value]) => (key.startsWith(prefix) ? [[key.slice(prefix.length), value] as [string, T]] : []));
}

/** Throws ResourceConflictException while the function is being created or updated, as AWS does. */
export function assertSettled(lambda: Lambda, at: Reference): void {
  const { latest } = requireFunction(lambda, at);
  const now = lambda.env.clock.now();
  const text = "The operation cannot be performed at this time.";
  if (now < latest.activeAt) throw conflict(`${text} The function is currently in the following state: Pending`);
  if (now < latest.settledAt) throw conflict(`${text} An update is in progress for resource: ${arnOf(lambda, at)}`);
}

/** The id that an answer shows now. It is another one until a creation or update has settled. */
export const revisionIdOf = (revision: Revision, now: number): string =>
  (now < Math.max(revision.activeAt, revision.settledAt) ? revision.changeId : undefined) ?? revision.revisionId;

/** `reader`: the operations that AWS's message recommends to call. */
export function assertRevision(expected: string | undefined, actual: string | readonly string[], reader = "GetFunction/GetAlias"): void {
  if (expected !== undefined && ![actual].flat().includes(expected))
    throw userFault(
      "PreconditionFailedException",
      `The Revision Id provided does not match the latest Revision Id. Call the ${reader} API to retrieve the latest Revision Id`,
    );
}
