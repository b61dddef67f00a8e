import type { AwsFault, RetryClass, Verb } from "../engine/contract.ts";
import { oneLine } from "../printable.ts";

/** Set on every error that passes a client (clients.ts): `service:Operation`. */
export const OPERATION = Symbol.for("fleetlogix.operation");

/** Members of the errors that the SDK and Node.js throw. */
interface Thrown {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly hostname?: unknown;
  readonly retryAfterSeconds?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
  readonly $response?: { readonly statusCode?: number; readonly headers?: Readonly<Record<string, string | undefined>> };
  readonly [OPERATION]?: string;
}

/** An error of AWS, of the network or of the search for credentials, in one form; undefined: the error is a bug of ours. */
export function toFault(error: unknown): AwsFault | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const thrown = error as Thrown;
  const status = thrown.$metadata?.httpStatusCode ?? thrown.$response?.statusCode;
  const code = codeOf(thrown, status);
  if (code === undefined) return undefined;
  return {
    code,
    message: inPlainWords(oneLine(String(thrown.message ?? "").trim())),
    status,
    requestId: thrown.$metadata?.requestId,
    operation: thrown[OPERATION],
    host: typeof thrown.hostname === "string" ? oneLine(thrown.hostname) : undefined,
    retryAfterMs: retryAfter(thrown),
  };
}

/**
 * Error texts of the SDK about its own internals (from `@aws-sdk/credential-provider-*`, `@aws-sdk/token-providers`, `@smithy/*`), and
 * their meaning for the user of the command. The first that fits counts. Texts of AWS stay as they are.
 */
const SDK_TEXTS: readonly (readonly [RegExp, string])[] = [
  [/Deserialization error( for body)?: .*$/i, "the answer could not be read"],
  [/^(Unknown ?Error|Unknown|undefined)?$/i, "no further text came with it"],
  [/\bRegion is missing\b/i, "no region is set"],
  [/\bSSL routines:/i, "the other side does not speak TLS"],
  [/^socket hang up$/i, "the connection was closed before an answer came"],
  [/^(@smithy|@aws-sdk)\/\S+ .*(timed? ?out|did not establish|exceeded)|^Stream timed out\b/i, "no answer came in time"],
  [/^Expected real date, got |^@aws-sdk\/|^@smithy\//i, "the answer could not be read"],
  [/^Could not load (credentials|token) from any providers/i, "no AWS credentials were found"],
  [/^Could not resolve credentials using profile: \[(\S+)\].*/i, "the profile $1 holds no credentials that can be used"],
  [/^Profile (\S+) requires multi-factor.*/i, "the profile $1 asks for a code of multi-factor authentication, which cannot be typed here"],
  [
    /^Profile '?([^\s']+)'? (?=was|could|did|does|is) ?(?!configured with invalid).*/i,
    "the profile $1 holds no credentials that can be used",
  ],
  [/^Sso session '([^']+)' .*/i, "the SSO session $1 is not whole in the AWS configuration"],
  [/^(Token is expired|The SSO session |.*SSO session token |Value not present for '.*' in SSO Token)/i, "the login has expired"],
  [
    /re-authenticate using aws login|^Failed to load token from|^Token (refresh response|validation failed)|Dpop proof/i,
    "the login has expired",
  ],
  [
    /^SSO returns an invalid|\bfromSSO\b|SSO provider|invalid SSO credentials|^Conflicting SSO/i,
    "the SSO settings of the profile do not fit together",
  ],
  [/^Detected a cycle\b/i, "the profiles name each other as their source, in a circle"],
  [/^Unsupported credential source in profile (\S+?)\.? .*/i, "the credential_source of the profile $1 is none that is known"],
  [
    /metadata service|^Server responded with status|HTTP credential provider|AWS_EC2_METADATA|Authorization token contains/i,
    "the credentials service of this computer or container gave none",
  ],
  [
    /^AWS_PROFILE is set|^Unable to (find|load|retrieve)\b|^Web identity configuration|bearer ?token|valid token|signingName/i,
    "no AWS credentials were found",
  ],
  [/^Token not present in|metadata credential provider cannot|not set in env, checking/i, "no AWS credentials were found"],
];
function inPlainWords(message: string): string {
  const [sentence, words] = SDK_TEXTS.find(([one]) => one.test(message)) ?? [];
  if (sentence === undefined || words === undefined) return message;
  const profile = sentence.exec(message)?.[1];
  return words.replace("$1", profile ?? "");
}

const NETWORK = [
  "ECONNREFUSED",
  "ECONNRESET",
  "ETIMEDOUT",
  "EPIPE",
  "EAI_AGAIN",
  "ENOTFOUND",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ECONNABORTED",
];
const TIMEOUT = "TimeoutError";
/** The server at an https address does not speak TLS. */
const NO_TLS = "EPROTO";
/** OpenSSL's and Node's words for a certificate that is not trusted, not valid, or another computer's. */
const CERTIFICATE = /CERT|^UNABLE_TO_(VERIFY|GET_ISSUER)/;
/** The answer comes from a program between us and AWS. */
const FOREIGN_ANSWER = "ForeignAnswer";
/** AWS answers in XML or JSON. An answer in HTML or plain text comes from a proxy, a portal or another program. */
const isPage = (response: Thrown["$response"]): boolean => /^text\/(html|plain)/i.test(response?.headers?.["content-type"] ?? "");

function codeOf(thrown: Thrown, status: number | undefined): string | undefined {
  const { name, code, message, $metadata, $response } = thrown;
  // The SDK names every 404 NotFound, also the page of a proxy, which must never mean "absent". An answer to HEAD has no body to check.
  const hasNoText = /^(Unknown(Error)?)?$/.test(String(message ?? "")) && !thrown[OPERATION]?.includes(":Head");
  if (status !== undefined && hasNoText && isPage($response)) return FOREIGN_ANSWER;
  // The answer is neither XML nor JSON, such as the page of a proxy.
  if (name === "SyntaxError" || name === "Error" || name === "UnknownError" || name === "Unknown") {
    if (status !== undefined) return isPage($response) ? FOREIGN_ANSWER : `Http${status}`;
  }
  if (typeof code === "string" && CERTIFICATE.test(code)) return code;
  if (typeof code === "string" && (NETWORK.includes(code) || code === NO_TLS)) return code;
  if (name === TIMEOUT) return "ETIMEDOUT";
  if (/socket hang up/i.test(String(message))) return "ECONNRESET";
  if (typeof name !== "string") return undefined;
  if (/^(CredentialsProvider|TokenProvider)Error$/.test(name)) return name;
  if ($metadata === undefined && $response === undefined) return undefined;
  // The SDK names an error that the service's model does not have in this way.
  return name.replace(/^.*#/, "");
}

function retryAfter({ $response, retryAfterSeconds }: Thrown): number | undefined {
  const seconds = Number(retryAfterSeconds ?? $response?.headers?.["retry-after"]);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined;
}

/** Returns the answer, or undefined when AWS answers with one of these codes. */
export async function orAbsent<T>(answer: Promise<T>, ...codes: readonly string[]): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    const fault = toFault(error);
    if (fault && codes.includes(fault.code)) return undefined;
    throw error;
  }
}

/** `InvalidDBInstanceState` on the wire is `InvalidDBInstanceStateFault` in the SDK's model: one spelling for both. */
const plain = (code: string) => code.replace(/(Exception|Fault)$/, "");

const THROTTLED = new Set([
  "TooManyRequests",
  "RequestLimitExceeded",
  "RequestThrottled",
  "SlowDown",
  "BandwidthLimitExceeded",
  "ProvisionedThroughputExceeded",
  "PriorRequestNotComplete",
  "EC2Throttled",
  "Http429",
]);
const BUSY = new Set([
  "ResourceConflict",
  "Conflict",
  "ResourceInUse",
  "OperationAborted",
  "ConcurrentAccess",
  "ConcurrentModification",
  "ConcurrentUpdate",
  "InvalidDBInstanceState",
  "InvalidDBParameterGroupState",
  "InvalidDBSubnetGroupState",
  "InvalidEventSubscriptionState",
  "DeleteConflict",
  "DependencyViolation",
  "InvalidGroup.InUse",
  "InvalidGroup.Duplicate",
  "StaleTag",
  "EntityTemporarilyUnmodifiable",
  "BucketNotEmpty",
  "BucketAlreadyOwnedByYou",
  "PreconditionFailed",
  "ConditionalRequestConflict",
  "ContinuousBackupsUnavailable",
  "ResourceExists",
]);
const FAILED_AT_AWS = new Set([
  "InternalFailure",
  "InternalError",
  "InternalServerError",
  "InternalServer",
  "ServiceFailure",
  "Service",
  "ServiceUnavailable",
  "Unavailable",
  "RequestTimeout",
  ...NETWORK,
]);
/** The SDK corrects its clock by the answer, so the next call carries the right time. */
const CLOCK = new Set(["RequestTimeTooSkewed", "RequestInTheFuture"]);
const SIGNATURE = new Set(["InvalidSignature", "SignatureDoesNotMatch"]);
const CREDENTIALS = new Set([
  "CredentialsProviderError",
  "TokenProviderError",
  "ExpiredToken",
  "ExpiredTokenId",
  "TokenRefreshRequired",
  "RequestExpired",
  "InvalidClientTokenId",
  "InvalidAccessKeyId",
  "UnrecognizedClient",
  "InvalidToken",
  "AuthFailure",
  "SignatureDoesNotMatch",
  "InvalidSignature",
  "MissingAuthenticationToken",
  "IncompleteSignature",
]);
const DENIED = new Set(["AccessDenied", "UnauthorizedOperation", "AuthorizationError", "NotAuthorized", "Forbidden", "Http403"]);

/** A quota has the same status and often the same code as throttling, but a retry does not help. */
const QUOTA = /maximum number of|cannot exceed quota|limit reached|too many (tables|topics|functions|roles)/i;
const RATE = /rate exceeded|too many requests|request rate|throttl/i;
/** A change in IAM reaches the services one after the other: a new role needs 2–12 s, at worst a minute. */
const PROPAGATION = [
  /cannot be assumed by/i,
  /execution role does not have permissions/i,
  /role ARN does not have required permissions/i,
  /could not successfully write to CloudWatch Logs using the ARN specified/i,
  /is invalid for CreateGrant/i,
  /does not have permissions to call/i,
  /invalid principal/i,
  /PrincipalNotFound/i,
  /ENHANCED_MONITORING/,
];

/** Expired credentials: reading their source again may renew them. */
export const isExpired = ({ code }: AwsFault): boolean =>
  /^(ExpiredToken|ExpiredTokenId|TokenRefreshRequired|RequestExpired)$/.test(plain(code));
export const isCredentials = ({ code }: AwsFault): boolean => CREDENTIALS.has(plain(code)) || CREDENTIALS.has(code);
export const isDenied = ({ code }: AwsFault): boolean => DENIED.has(plain(code));
export const isUnreachable = ({ code, status }: AwsFault): boolean => status === undefined && NETWORK.includes(code);
export const isWithoutTls = ({ code, status }: AwsFault): boolean => status === undefined && code === NO_TLS;
export const isCertificate = ({ code, status }: AwsFault): boolean => status === undefined && CERTIFICATE.test(code);
/** The page of a program between us and AWS. Status 407 comes from a proxy, also without a page. */
export const isForeignAnswer = ({ code, status }: AwsFault): boolean => code === FOREIGN_ANSWER || status === 407;
/**
 * The computer's clock differs too much from AWS's. STS and IAM report it as `SignatureDoesNotMatch`, JSON services as
 * `InvalidSignatureException`; only the message tells it from a wrong secret key (`aws-cli` issue 6676).
 */
export const isClockSkew = ({ code, message }: AwsFault): boolean =>
  CLOCK.has(plain(code)) || (SIGNATURE.has(plain(code)) && /signature (expired|not yet current)/i.test(message));

/** The general rules. The rules of a kind (`retries`) come before them. */
export function classify(fault: AwsFault, during: Verb): RetryClass {
  const code = plain(fault.code);
  if (isClockSkew(fault)) return "transient";
  if (isCredentials(fault) || isCertificate(fault) || fault.status === 407) return "permanent";
  if (isThrottle(code, fault)) return "throttle";
  if (during !== "read" && PROPAGATION.some((text) => text.test(fault.message))) return "propagation";
  if (isDenied(fault)) return "permanent";
  // Created by another run, or by our own call whose answer was lost: the next read shows which.
  if (during === "create" && /AlreadyExist/.test(code)) return "busy";
  if (BUSY.has(code) || /concurrent modification/i.test(fault.message)) return "busy";
  // 501: an endpoint other than AWS reports an operation that it does not have.
  if (FAILED_AT_AWS.has(code) || ((fault.status ?? 0) >= 500 && fault.status !== 501)) return "transient";
  return "permanent";
}

function isThrottle(code: string, { status, message }: AwsFault): boolean {
  if (/^LimitExceeded$/.test(code)) return status !== undefined && !QUOTA.test(message) && (status === 429 || RATE.test(message));
  if (/^Throttl/.test(code) || THROTTLED.has(code)) return !QUOTA.test(message);
  return status === 429 ? !QUOTA.test(message) : /^rate exceeded/i.test(message);
}
