import { describe, expect, test } from "vitest";
import { explain } from "../../../src/aws/explain.ts";
import { classify, toFault } from "../../../src/aws/faults.ts";
import type { AwsFault, RetryClass, Verb } from "../../../src/engine/contract.ts";

const fault = (code: string, message = "", status: number | undefined = 400): AwsFault => ({
  code,
  message,
  status,
  requestId: "r-1",
  operation: "sns:CreateTopic",
  retryAfterMs: undefined,
});

const rows: readonly [expected: RetryClass, code: string, message?: string, status?: number | null, during?: Verb][] = [
  ["throttle", "ThrottlingException", "Rate exceeded"],
  ["throttle", "Throttling", "Rate exceeded"],
  ["throttle", "ThrottledException"],
  ["throttle", "TooManyRequestsException", "Too Many Requests", 429],
  ["throttle", "RequestLimitExceeded", "Request limit exceeded.", 503],
  ["throttle", "SlowDown", "Please reduce your request rate.", 503],
  ["throttle", "ClientException", "Rate exceeded"],
  ["throttle", "LimitExceededException", "Rate exceeded", 429],
  ["permanent", "LimitExceededException", "Maximum number of REST APIs reached", 429],
  ["permanent", "TooManyRequestsException", "Maximum number of usage plans reached", 429],
  ["permanent", "LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 10.", 409],
  ["permanent", "LimitExceededException", "Stack level limit reached", 400],
  ["busy", "ResourceConflictException", "An update is in progress for resource", 409],
  ["busy", "ConflictException", "Unable to complete operation due to concurrent modification. Please try again later.", 409],
  ["busy", "ResourceInUseException", "Table is being updated"],
  ["busy", "OperationAborted", "A conflicting conditional operation is currently in progress", 409],
  ["busy", "OperationAbortedException"],
  ["busy", "ConcurrentAccessException"],
  ["busy", "ConcurrentModificationException", "", 409],
  ["busy", "ConcurrentModification", "", 409],
  ["busy", "InvalidDBInstanceState", "Instance is not in available state."],
  ["busy", "InvalidDBInstanceStateFault"],
  ["busy", "DeleteConflictException", "Cannot delete entity, must detach all policies first.", 409],
  ["busy", "DependencyViolation", "resource sg-1 has a dependent object"],
  ["busy", "StaleTagException"],
  ["busy", "ContinuousBackupsUnavailableException", "Backups are being enabled"],
  ["busy", "EntityAlreadyExistsException", "Role with name x already exists.", 409, "create"],
  ["busy", "DBInstanceAlreadyExistsFault", "", 400, "create"],
  ["permanent", "EntityAlreadyExistsException", "", 409, "update"],
  ["propagation", "InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda.", 400, "create"],
  ["propagation", "InvalidParameterValueException", "The provided execution role does not have permissions to call PutItem", 400, "update"],
  ["propagation", "BadRequestException", "The role ARN does not have required permissions configured", 400, "update"],
  ["propagation", "MalformedPolicy", "Invalid principal in policy", 400, "update"],
  ["permanent", "InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda.", 400, "read"],
  ["transient", "InternalFailure", "", 500],
  ["transient", "ServiceUnavailable", "", 503],
  ["transient", "Http502", "", 502],
  ["transient", "RequestTimeout", "Your socket connection was not read from", 400],
  ["transient", "ECONNRESET", "", null],
  ["transient", "ETIMEDOUT", "", null],
  ["transient", "RequestTimeTooSkewed", "", 403],
  ["transient", "InvalidSignatureException", "Signature expired: 20260101T000000Z is now earlier than", 403],
  ["transient", "SignatureDoesNotMatch", "Signature expired: 20220127T001427Z is now earlier than 20220127T014428Z", 403],
  ["transient", "SignatureDoesNotMatch", "Signature not yet current: 20260101T000000Z is still later than", 403],
  ["permanent", "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.", 403],
  ["permanent", "NotImplemented", "sns:Publish", 501],
  ["permanent", "ExpiredTokenException", "", 403],
  ["permanent", "UnrecognizedClientException", "The security token included in the request is invalid.", 403],
  ["permanent", "AccessDeniedException", "", 403],
  ["permanent", "ValidationException"],
  ["permanent", "NoSuchBucket", "", 404],
];
for (const [expected, code, message = "", status = 400, during = "create"] of rows) {
  test(`${code} (${message.slice(0, 40)}) during ${during} is ${expected}`, () => {
    const made = { ...fault(code, message), status: status ?? undefined };
    expect(classify(made, during)).toBe(expected);
  });
}

test("errors of AWS, of the network and of the search for credentials become faults; our own errors do not", () => {
  const ofAws = Object.assign(new Error("no"), { name: "NotFoundException", $metadata: { httpStatusCode: 404, requestId: "r" } });
  expect(toFault(ofAws)).toMatchObject({ code: "NotFoundException", status: 404, requestId: "r", message: "no" });
  const throttled = Object.assign(new Error(""), {
    name: "TooManyRequestsException",
    $metadata: { httpStatusCode: 429 },
    $response: { statusCode: 429, headers: { "retry-after": "7" } },
  });
  expect(toFault(throttled)?.retryAfterMs).toBe(7_000);
  expect(toFault(Object.assign(new Error("connect"), { code: "ECONNREFUSED" }))).toMatchObject({ code: "ECONNREFUSED", status: undefined });
  expect(toFault(new AggregateError([], "x"))).toBeUndefined();
  expect(toFault(Object.assign(new AggregateError([]), { code: "ECONNREFUSED" }))?.code).toBe("ECONNREFUSED");
  expect(toFault(Object.assign(new Error("late"), { name: "TimeoutError" }))?.code).toBe("ETIMEDOUT");
  expect(toFault(new Error("socket hang up"))?.code).toBe("ECONNRESET");
  const page = Object.assign(new SyntaxError("Unexpected token <"), { $metadata: { httpStatusCode: 503 } });
  expect(toFault(page)?.code).toBe("Http503");
  expect(toFault(Object.assign(new Error("none"), { name: "CredentialsProviderError" }))?.code).toBe("CredentialsProviderError");
  expect(toFault(new TypeError("x is not a function"))).toBeUndefined();
  expect(toFault("text")).toBeUndefined();
});

const aws = { local: false };
test("a refused call names the missing permission", () => {
  const message = "User: arn:aws:iam::1:user/x is not authorized to perform: dynamodb:CreateTable on resource: arn:aws:dynamodb:…";
  expect(explain(fault("AccessDeniedException", message, 403), "table.deliveries", aws)).toMatchObject({
    code: "ACCESS_DENIED",
    exit: 5,
    detail: {
      hint: expect.stringContaining("dynamodb:CreateTable"),
      resource: "table.deliveries",
      awsCode: "AccessDeniedException",
      requestId: "r-1",
    },
  });
  expect(explain(fault("Http403", "", 403), "bucket.data", aws)?.detail.hint).toContain("sns:CreateTopic");
});
test("missing, expired and wrong credentials have different hints", () => {
  const hint = (code: string) => explain(fault(code, "", 403), "x", aws)?.detail.hint;
  expect(hint("CredentialsProviderError")).toContain("--local");
  expect(hint("ExpiredTokenException")).toContain("aws sso login");
  expect(hint("InvalidClientTokenId")).toContain("aws sts get-caller-identity");
  expect(hint("RequestTimeTooSkewed")).toContain("clock");
});
test.each([
  ["SignatureDoesNotMatch", "Signature expired: 20220127T001427Z is now earlier than 20220127T014428Z (20220127T015928Z - 15 min.)"],
  ["InvalidSignatureException", "Signature not yet current: 20260101T001000Z is still later than 20260101T000500Z"],
])("a wrong clock is reported as such when AWS calls it %s", (code, message) => {
  expect(explain(fault(code, message, 403), "x", aws)).toMatchObject({
    code: "CREDENTIALS",
    message: expect.stringContaining("this computer's clock is wrong"),
    detail: { hint: expect.stringContaining("Set the clock") },
  });
});
test("the error for an endpoint without a server names the command that helps", () => {
  const refused = { ...fault("ECONNREFUSED"), status: undefined };
  expect(explain(refused, "x", { local: true, endpoint: "http://127.0.0.1:1" })).toMatchObject({
    code: "ENDPOINT_UNREACHABLE",
    message: expect.stringContaining("http://127.0.0.1:1"),
    detail: { hint: expect.stringContaining("fleetlogix local start") },
  });
  expect(explain(refused, "x", aws)).toBeUndefined();
});

describe("internal texts of the SDK do not reach the user", () => {
  /** Errors as the SDK throws them. */
  const internal = [
    ["CredentialsProviderError", "Could not load credentials from any providers"],
    ["CredentialsProviderError", "Could not resolve credentials using profile: [x] in configuration/credentials file(s)."],
    ["TokenProviderError", "Token is expired. To refresh this SSO session run 'aws sso login' with the corresponding profile."],
    [
      "CredentialsProviderError",
      "The SSO session associated with this profile is invalid. To refresh this SSO session run aws sso login with the corresponding profile.",
    ],
    ["TimeoutError", "socket hang up"],
    ["Throttling", "UnknownError"],
    ["ServiceUnavailable", ""],
    [
      "ServiceUnavailable",
      "char '<' is not expected.:1:1 Deserialization error: to see the raw response, inspect the hidden field {error}.$response on this object.",
    ],
  ] as const;
  test.each(internal)("%s: %s", (name, message) => {
    const error = Object.assign(new Error(message), { name, $metadata: { httpStatusCode: 503 } });
    const fault = toFault(error);
    expect(fault?.message).not.toMatch(
      /providers|hidden field|\$response|UnknownError|socket hang up|configuration\/credentials|corresponding profile/,
    );
    expect(fault?.message).not.toBe("");
  });
  test("texts of AWS stay unchanged", () => {
    const error = Object.assign(new Error("User: x is not authorized to perform: s3:ListBucket"), { name: "AccessDenied", $metadata: {} });
    expect(toFault(error)?.message).toBe("User: x is not authorized to perform: s3:ListBucket");
  });
});
