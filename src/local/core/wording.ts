import { LocalFault } from "./service.ts";

/** Each service has its own words for the same refusal; the SDK's retries and people's scripts go by them. */
const DENIED: Readonly<Record<string, string>> = {
  ec2: "UnauthorizedOperation",
  sns: "AuthorizationError",
  dynamodb: "AccessDeniedException",
  lambda: "AccessDeniedException",
  apigateway: "AccessDeniedException",
  logs: "AccessDeniedException",
  secretsmanager: "AccessDeniedException",
  kms: "AccessDeniedException",
  wafv2: "AccessDeniedException",
};
/** Their protocol has one status for whatever the caller did wrong. */
const JSON_SERVICES: ReadonlySet<string> = new Set(["dynamodb", "logs", "secretsmanager", "kms", "wafv2"]);
export const denied = (service: string, message: string): LocalFault =>
  new LocalFault(DENIED[service] ?? "AccessDenied", message, JSON_SERVICES.has(service) ? 400 : 403);

/** What a call with temporary credentials gets that are no longer good. */
export function expiredToken(service: string): LocalFault {
  const json = DENIED[service] === "AccessDeniedException";
  const code = service === "ec2" ? "RequestExpired" : json ? "ExpiredTokenException" : "ExpiredToken";
  const status = JSON_SERVICES.has(service) || service === "s3" || service === "ec2" ? 400 : 403;
  return new LocalFault(code, "The security token included in the request is expired", status);
}

const THROTTLED: Readonly<Record<string, readonly [code: string, message: string, status: number, retryAfter?: string]>> = {
  s3: ["SlowDown", "Please reduce your request rate.", 503],
  dynamodb: ["ThrottlingException", "Rate of requests exceeds the allowed throughput.", 400],
  lambda: ["TooManyRequestsException", "Rate exceeded", 429, "1"],
  apigateway: ["TooManyRequestsException", "Too Many Requests", 429, "1"],
  sns: ["ThrottledException", "Rate exceeded", 429],
  ec2: ["RequestLimitExceeded", "Request limit exceeded.", 503],
  logs: ["ThrottlingException", "Rate exceeded", 400],
  secretsmanager: ["ThrottlingException", "Rate exceeded", 400],
  kms: ["ThrottlingException", "Rate exceeded", 400],
  wafv2: ["ThrottlingException", "Rate exceeded", 400],
};
export function throttled(service: string, retryAfterSeconds?: number): LocalFault {
  const [code, message, status, usual] = THROTTLED[service] ?? ["Throttling", "Rate exceeded", 400];
  const retryAfter = retryAfterSeconds === undefined ? usual : String(retryAfterSeconds);
  const extra = service === "apigateway" || service === "lambda" ? { retryAfterSeconds: retryAfter } : {};
  return new LocalFault(code, message, status, extra, retryAfter === undefined ? {} : { "retry-after": retryAfter });
}

const READS =
  /^(Get|List|Describe|Head|Query|Scan|BatchGet|TransactGet|Filter|Simulate|Select|Lookup|Search|Check|Decode|Test|View|Download|Assume|Validate)/;
/** Reads whose names do not say so, and calls of functions and queries, which change no resource. */
const MORE_READS = new Set([
  "lambda:Invoke",
  "lambda:InvokeAsync",
  "lambda:InvokeWithResponseStream",
  "logs:StartQuery",
  "logs:StopQuery",
  "logs:StartLiveTail",
  "iam:GenerateServiceLastAccessedDetails",
  "iam:GenerateCredentialReport",
]);
/** Does the operation change something? Judged by its name, as every AWS API is named after what it does. */
export const isWrite = (service: string, operation: string): boolean =>
  !READS.test(operation) && !MORE_READS.has(`${service}:${operation}`);
