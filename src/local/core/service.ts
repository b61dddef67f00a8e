import type { IncomingMessage, ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import type { LocalClock } from "./clock.ts";
import type { ServiceModel, Violation } from "./model.ts";
import type { Store } from "./store.ts";

/**
 * The contract of one local AWS service: plain functions from typed input to typed output.
 * Wire formats live in wire/, routing, identity, permission and faults in core/. A service imports no other service:
 * it reaches them through `env.dispatch`, by the same operations that everyone else uses.
 */
export interface LocalService {
  /** The name AWS clients sign with; it routes the request: s3, dynamodb, sns, sts, iam, lambda, apigateway, logs, secretsmanager, rds, ec2. */
  readonly name: string;
  /** Where AWS clients sign with another name than the service's own: CloudWatch's is `monitoring`. */
  readonly signsAs?: string;
  /** Imports the SDK client module whose schemas describe the wire format, e.g. `() => import("@aws-sdk/client-sns")`. */
  readonly sdk: () => Promise<object>;
  readonly operations: Operations;
  /**
   * Operations of a JSON service whose input and output are the wire's JSON itself: binary as base64 text, times as numbers, required members
   * unchecked. Their output may be text that is written already: `{ [JSON_TEXT]: "…" }`.
   */
  readonly plain?: ReadonlySet<string>;
  /** What stands before an error's code in `__type`, e.g. `com.amazon.coral.validate`. Default: nothing. */
  readonly errorNamespace?: (code: string) => string;
  /** What IAM decides about a call. Default: action `<name>:<Operation>` on resource `*`. [] = no permission needed. */
  readonly permissions?: (operation: string, input: Record<string, unknown>, call: Call) => readonly Permission[];
  /** Plain HTTP beside the AWS protocol (data planes, confirmation links). Returns false when the request is not its own. */
  readonly http?: (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<boolean>;
  /** What the published model says about inputs; every input is held against it. */
  readonly model?: () => Promise<ServiceModel | undefined>;
  /** Codes of the errors that the core throws for the service. */
  readonly refusals?: Refusals;
  /** Page tokens of its lists. The fault `emptyPage` needs them. */
  readonly pageTokens?: PageTokens;
  /** How the service's model is held against inputs. Default: every rule, in the words that most services share. */
  readonly inputRules?: InputRules;
  /** Status of success of operations whose model names another one than AWS answers. */
  readonly successStatus?: Readonly<Record<string, number>>;
  /** Headers that a presigned address may carry in its query, by lower-case name. Default: none. */
  readonly headerInQuery?: (name: string) => boolean;
  /** Bytes of a body that is held in memory, checked before anything is read of it. Default: 2 MiB. */
  readonly maxBodyBytes?: number;
  /** What the service says of a longer one. */
  readonly tooLarge?: () => LocalFault;
  /** Undoes the transfer coding of a request body and checks its checksums, for operations whose body is held in memory. */
  readonly decode?: (headers: Readonly<Record<string, string>>, body: IncomingMessage) => Readable;
  /** Addresses that are open to the Internet on AWS, too: those of deployed APIs. */
  readonly isPublic?: (url: URL) => boolean;
  /**
   * Does the service itself let in this request of a page of another site? By CORS settings of its owner, or because the
   * address holds a secret. It may add what the answer tells the browser.
   */
  readonly allowsCrossSite?: (request: IncomingMessage, response: ServerResponse, url: URL) => boolean | Promise<boolean>;
  /** Methods that a signature in the address opens although nobody can check it. Default: none. */
  readonly acceptsUnverifiedSignature?: (method: string) => boolean;
  /** Takes an unsigned request of this path to the service's AWS protocol, as the anonymous principal. */
  readonly anonymous?: (path: string) => boolean;
  /** Called once when the server listens, side by side with the other services; stop() one after the other, the last service first. */
  readonly start?: () => Promise<void>;
  readonly stop?: () => Promise<void>;
  /** Facts for `local status`, e.g. { topics: 1 }. */
  readonly facts?: () => Record<string, string | number>;
}

export interface InputRules {
  /** Names of shapes that the service checks itself, with everything below them. */
  readonly opaque?: ReadonlySet<string>;
  /** Names of shapes whose values the service itself refuses, in words of its own. */
  readonly own?: readonly string[];
  /** The service's own words; undefined lets the input through. */
  readonly refuse?: (found: readonly Violation[], operation: string) => LocalFault | undefined;
}

/** Code and status of an error. The SDK's retries and users' scripts depend on both. */
export interface Refusal {
  readonly code: string;
  readonly status: number;
}
export interface ThrottleRefusal extends Refusal {
  /** Default: `Rate exceeded`. */
  readonly message?: string;
  /** The error has a member `retryAfterSeconds`; its value where the caller sets none. */
  readonly retryAfterSeconds?: string;
}
/** How a service refuses what every service can refuse. Each has its own codes. */
export interface Refusals {
  /** The policies do not allow the call. Default: `AccessDenied`, 403. */
  readonly denied?: Refusal;
  /** The temporary credentials have expired. Default: `ExpiredToken`, 403. */
  readonly expired?: Refusal;
  /** The client calls too often. Default: `Throttling`, 400. */
  readonly throttled?: ThrottleRefusal;
}

/** Names of the page token in a list's input and output, and of the flag beside it that says that there is more. */
export type TokenNames = readonly [input: string, output: string, more?: string];
/** The names of a service's page tokens: of all its lists, and of the lists whose names differ. */
export interface PageTokens {
  readonly all?: TokenNames;
  readonly byOperation?: Readonly<Record<string, TokenNames>>;
}

// biome-ignore lint/suspicious/noExplicitAny: the dispatcher handles operations without knowing their types; services keep theirs.
export type Operations = Readonly<Record<string, Handler<any, any>>>;
/** Input and output have the shapes of the SDK's `XCommandInput` / `XCommandOutput`, less `$metadata`. */
export type Handler<Input, Output> = (input: Input, call: Call) => Result<Output> | Promise<Result<Output>>;
export type Result<Output> = Omit<Output, "$metadata">;

/** The member under which a plain operation gives its output as text. */
export const JSON_TEXT = Symbol("json");

export interface Permission {
  readonly action: string;
  readonly resource: string;
  /** A resource-based policy document (JSON) that also counts: bucket, topic, function. */
  readonly policy?: string | undefined;
  /** Condition keys beyond the global ones, e.g. { "s3:prefix": "x/" }. */
  readonly context?: Readonly<Record<string, string | string[]>>;
}

export type Principal =
  | { readonly type: "root"; readonly arn: string }
  | { readonly type: "role"; readonly arn: string; readonly roleArn: string; readonly roleName: string; readonly session: string }
  | { readonly type: "service"; readonly service: string; readonly sourceArn?: string }
  | { readonly type: "anonymous" };

/** Everything about the call beside its input. */
export interface Call {
  readonly requestId: string;
  readonly region: string;
  readonly account: string;
  readonly principal: Principal;
  /** Lower-case header names; for calls from inside those that they were given. */
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** What a service is given. One per server. */
export interface LocalEnv {
  readonly account: string;
  readonly clock: LocalClock;
  readonly store: Store;
  /** Folder for large data (objects, databases, function code); exists. */
  readonly dataDir: string;
  /** `http://127.0.0.1:<port>`; known once the server listens. */
  readonly endpoint: () => string;
  readonly settings: Settings;
  /** Call any operation of any service from inside, e.g. dispatch("logs", "PutLogEvents", {...}, { principal }). */
  readonly dispatch: Dispatch;
  /** May this principal do this? Answers AWS's reason when not. Set by the IAM service. */
  readonly decide: (principal: Principal, permission: Permission) => Verdict;
  /** Temporary credentials for a role, as the Lambda service hands them to a sandbox. Set by the STS service. */
  readonly assume: (roleArn: string, session: string, seconds: number) => Credentials;
  /** Secret and principal behind an access key id issued by `assume`; undefined for keys we did not issue (the owner's own). */
  readonly identify: (accessKeyId: string) => { readonly secret: string; readonly principal: Principal } | undefined;
  readonly log: (line: string) => void;
}
export type Verdict = { readonly allowed: true } | { readonly allowed: false; readonly message: string };
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
}
export type Dispatch = (
  service: string,
  operation: string,
  input: Record<string, unknown>,
  from?: {
    readonly principal?: Principal;
    readonly region?: string;
    /** What the call brings along, by lower-case names, e.g. the trace it belongs to. */
    readonly headers?: Readonly<Record<string, string>>;
    /** Aborted when nobody waits for the answer any more. */
    readonly signal?: AbortSignal;
  },
  // biome-ignore lint/suspicious/noExplicitAny: the caller names the operation and knows its output.
) => Promise<any>;

export interface Settings {
  /** AWS-like delays, asynchronous states and rate limits. */
  readonly realism: boolean;
  /** "real" starts PostgreSQL servers; "none" keeps RDS a control plane only (fast tests of provisioning). */
  readonly databases: "real" | "none";
  /** First port tried for databases; 0 = any free one. */
  readonly databasePort: number;
  /** Further names, with or without a port, by which deployed APIs are reached: `10.0.2.2`, `x.trycloudflare.com`. Lower case. */
  readonly hosts?: readonly string[];
}

/** What real AWS would answer. The wire renders it; services only throw it. `code` is the modelled error name. */
export class LocalFault extends Error {
  readonly code: string;
  readonly status: number | undefined;
  /** Further members of the modelled error, e.g. { CancellationReasons }. */
  readonly extra: Readonly<Record<string, unknown>>;
  /** Further response headers, lower-case names, e.g. { "retry-after": "3" }. */
  readonly headers: Readonly<Record<string, string>>;
  /** Without a status the wire takes the modelled error's own, else 400. */
  constructor(
    code: string,
    message: string,
    status?: number,
    extra: Readonly<Record<string, unknown>> = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.code = code;
    this.status = status;
    this.extra = extra;
    this.headers = headers;
  }
}
