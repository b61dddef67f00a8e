import type { IncomingMessage, ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import type { LocalClock } from "./clock.ts";
import type { ServiceModel, Violation } from "./model.ts";
import type { Store } from "./store.ts";

/**
 * The contract of one local AWS service: plain functions from typed input to typed output. Wire formats are in wire/; routing, identity,
 * permissions and faults are in core/. A service imports no other service: it calls the other's operations through `env.dispatch`, as every
 * client does.
 */
export interface LocalService {
  /** The name with which AWS clients sign. It routes the request: s3, dynamodb, sns, sts, iam, lambda, apigateway, logs, secretsmanager, rds, ec2. */
  readonly name: string;
  /** The name in signatures where it differs from the service's own: CloudWatch's is `monitoring`. */
  readonly signsAs?: string;
  /** Imports the SDK client module whose schemas describe the wire format, e.g. `() => import("@aws-sdk/client-sns")`. */
  readonly sdk: () => Promise<object>;
  readonly operations: Operations;
  /**
   * Operations of a JSON service that get and return the JSON of the wire unchanged: binary as base64 text, times as numbers, required
   * members unchecked. Their output may be finished text: `{ [JSON_TEXT]: "…" }`.
   */
  readonly plain?: ReadonlySet<string>;
  /** Prefix of an error's code in `__type`, e.g. `com.amazon.coral.validate`. Default: none. */
  readonly errorNamespace?: (code: string) => string;
  /** The permissions that a call needs. Default: action `<name>:<Operation>` on resource `*`. [] = no permission needed. */
  readonly permissions?: (operation: string, input: Record<string, unknown>, call: Call) => readonly Permission[];
  /** Plain HTTP beside the AWS protocol (data planes, confirmation links). Returns false when the request is not for this service. */
  readonly http?: (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<boolean>;
  /** The published model. Every input is checked against its rules. */
  readonly model?: () => Promise<ServiceModel | undefined>;
  /** The service's own codes for errors that the core throws. */
  readonly refusals?: Refusals;
  /** Page tokens of its lists. The fault `emptyPage` needs them. */
  readonly pageTokens?: PageTokens;
  /** How inputs are checked against the model. Default: every rule, with the messages that most services share. */
  readonly inputRules?: InputRules;
  /** HTTP status of success, for operations where AWS answers another one than the model names. */
  readonly successStatus?: Readonly<Record<string, number>>;
  /** Says which headers a presigned URL may carry in its query, by lower-case name. Default: none. */
  readonly headerInQuery?: (name: string) => boolean;
  /** Largest body in bytes that is held in memory. It is checked before any of the body is read. Default: 2 MiB. */
  readonly maxBodyBytes?: number;
  /** The service's error for a larger body, by the path of the request. Default: a general one. */
  readonly tooLarge?: (path: string) => LocalFault;
  /** Most brackets, commas and colons outside the strings of a JSON body. Default: 100,000. */
  readonly mostJsonMarks?: number;
  /** Decodes the transfer coding of a request body and checks its checksums, for operations whose body is held in memory. */
  readonly decode?: (headers: Readonly<Record<string, string>>, body: IncomingMessage) => Readable;
  /** Responses with more bytes than this are compressed when the client accepts it. Default: none is. */
  readonly compressAbove?: number;
  /** Says which URLs are open to the Internet on AWS, too: those of deployed APIs. */
  readonly isPublic?: (url: URL) => boolean;
  /**
   * Says whether the service accepts this request of a page of another site, because of its owner's CORS settings or because the URL holds
   * a secret. It may add headers for the browser to the response.
   */
  readonly allowsCrossSite?: (request: IncomingMessage, response: ServerResponse, url: URL) => boolean | Promise<boolean>;
  /** Methods for which a presigned URL is accepted although its key is unknown here and cannot be checked. Default: none. */
  readonly acceptsUnverifiedSignature?: (method: string) => boolean;
  /** Says whether an unsigned request to this path is handled by the service's AWS protocol, as the anonymous principal's. */
  readonly anonymous?: (path: string) => boolean;
  /** `start` runs once when the server listens, at the same time for all services. `stop` runs one after the other, the last service first. */
  readonly start?: () => Promise<void>;
  readonly stop?: () => Promise<void>;
  /** Facts for `local status`, e.g. { topics: 1 }. */
  readonly facts?: () => Record<string, string | number>;
}

export interface InputRules {
  /** Names of shapes that the service checks itself, including everything below them. */
  readonly opaque?: ReadonlySet<string>;
  /** Names of shapes whose values the service refuses itself, with its own messages. */
  readonly own?: readonly string[];
  /** Makes the service's own error from the broken rules; undefined accepts the input. */
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
  /** Default value of the error's member `retryAfterSeconds`. Without it the error has no such member. */
  readonly retryAfterSeconds?: string;
}
/** The errors that every service can answer. Each service has its own codes. */
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

// biome-ignore lint/suspicious/noExplicitAny: the dispatcher handles operations without knowing their types. The services know them.
export type Operations = Readonly<Record<string, Handler<any, any>>>;
/** Input and output have the shapes of the SDK's `XCommandInput` / `XCommandOutput`, less `$metadata`. */
export type Handler<Input, Output> = (input: Input, call: Call) => Result<Output> | Promise<Result<Output>>;
export type Result<Output> = Omit<Output, "$metadata">;

/** The member in which a plain operation returns its output as finished text. */
export const JSON_TEXT = Symbol("json");

export interface Permission {
  readonly action: string;
  readonly resource: string;
  /** A resource-based policy document (JSON) that counts, too: of a bucket, topic or function. */
  readonly policy?: string | undefined;
  /** Condition keys beyond the global ones, e.g. { "s3:prefix": "x/" }. */
  readonly context?: Readonly<Record<string, string | string[]>>;
}

export type Principal =
  | { readonly type: "root"; readonly arn: string }
  | { readonly type: "role"; readonly arn: string; readonly roleArn: string; readonly roleName: string; readonly session: string }
  | { readonly type: "service"; readonly service: string; readonly sourceArn?: string }
  | { readonly type: "anonymous" };

/** Everything about the call except its input. */
export interface Call {
  readonly requestId: string;
  readonly region: string;
  readonly account: string;
  readonly principal: Principal;
  /** Headers by lower-case name. A call from inside has only those that its caller passed. */
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** The environment of a service. There is one for each server. */
export interface LocalEnv {
  readonly account: string;
  readonly clock: LocalClock;
  readonly store: Store;
  /** Folder for large data (objects, databases, function code). It exists. */
  readonly dataDir: string;
  /** `http://127.0.0.1:<port>`. Known as soon as the server listens. */
  readonly endpoint: () => string;
  readonly settings: Settings;
  /** Calls any operation of any service from inside, e.g. dispatch("logs", "PutLogEvents", {...}, { principal }). */
  readonly dispatch: Dispatch;
  /** Decides whether the principal has the permission, and gives AWS's reason when not. Set by the IAM service. */
  readonly decide: (principal: Principal, permission: Permission) => Verdict;
  /** Makes temporary credentials for a role, as Lambda gives them to a sandbox. Set by the STS service. */
  readonly assume: (roleArn: string, session: string, seconds: number) => Credentials;
  /** Secret and principal of an access key id that `assume` issued; undefined for other keys (the machine's user's own). */
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
    /** Headers that the call carries, by lower-case name, e.g. the id of its trace. */
    readonly headers?: Readonly<Record<string, string>>;
    /** Aborts when the caller no longer waits for the answer. */
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
  /** Further host names, with or without a port, at which deployed APIs are reachable: `10.0.2.2`, `x.trycloudflare.com`. Lower case. */
  readonly hosts?: readonly string[];
}

/** An error that AWS would answer. Services only throw it; wire/ writes it. `code` is the modelled error name. */
export class LocalFault extends Error {
  readonly code: string;
  readonly status: number | undefined;
  /** Further members of the modelled error, e.g. { CancellationReasons }. */
  readonly extra: Readonly<Record<string, unknown>>;
  /** Further response headers, lower-case names, e.g. { "retry-after": "3" }. */
  readonly headers: Readonly<Record<string, string>>;
  /** Default status: the one of the modelled error, else 400. */
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
