import { IAM } from "@aws-sdk/client-iam";
import { Lambda } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, expect, test } from "vitest";
import { virtualClock } from "../../src/local/core/clock.ts";
import { functionZip } from "../support/function-zip.ts";
import { localAws } from "../support/local-aws.ts";

/** Each answer is one that LocalStack's tests recorded from the real AWS: tests/aws/services/lambda_/test_lambda_api.snapshot.json. */
const TRUST = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
});
const ROLE = "arn:aws:iam::000000000000:role/runner";
const ARN = "arn:aws:lambda:us-east-1:000000000000:function";
let aws: Awaited<ReturnType<typeof localAws>>;
let lambda: Lambda;
let ZipFile: Uint8Array;
beforeAll(async () => {
  aws = await localAws();
  lambda = aws.client(Lambda);
  await aws.client(IAM).createRole({ RoleName: "runner", AssumeRolePolicyDocument: TRUST });
  ZipFile = await functionZip({ "index.mjs": "export const handler = async () => 1" });
});
afterAll(() => aws.close());
const base = (FunctionName: string) =>
  ({ FunctionName, Role: ROLE, Runtime: "nodejs24.x", Handler: "index.handler", Code: { ZipFile } }) as const;
const refusal = (call: Promise<unknown>) =>
  call.then(
    () => "accepted",
    ({ name, message, $metadata }) => [$metadata.httpStatusCode, name, message],
  );
const missing = (text: string) => [404, "ResourceNotFoundException", text];
const invalid = (text: string) => [400, "InvalidParameterValueException", text];

const NAMES = "((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?";
const CREATED = `(arn:(aws[a-zA-Z-]*)?:lambda:)?${NAMES}([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?`;
const CALLED = `(arn:(aws[a-zA-Z-]*)?:lambda:)?${NAMES}([a-zA-Z0-9-_\\.]+)(:(\\$LATEST(\\.PUBLISHED)?|[a-zA-Z0-9-_]+))?`;
const mismatch = (name: string, pattern: string) => [
  400,
  "ValidationException",
  `1 validation error detected: Value '${name}' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: ${pattern}`,
];

test("a function's name is refused by the pattern, its length or the missing function, as the operation has it", async () => {
  const unmatched = ["my-function!", "*", "invalid-account:function:my-function", `${ARN}:my-function:1:2`, `${ARN}:f:$LATES`];
  for (const FunctionName of unmatched) {
    expect(await refusal(lambda.getFunction({ FunctionName }))).toEqual(mismatch(FunctionName, CALLED));
    expect(await refusal(lambda.createFunction(base(FunctionName)))).toEqual(mismatch(FunctionName, CREATED));
  }
  const long = "a".repeat(65);
  const tooLong = `1 validation error detected: Value '${long}' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 64`;
  expect(await refusal(lambda.createFunction(base(long)))).toEqual(invalid(tooLong));
  expect(await refusal(lambda.getFunction({ FunctionName: long }))).toEqual(missing(`Function not found: ${ARN}:${long}`));
  expect(await refusal(lambda.invoke({ FunctionName: long }))).toEqual(missing(`Function not found: ${ARN}:${long}:$LATEST`));
  expect(await refusal(lambda.getFunction({ FunctionName: ARN }))).toEqual(missing(`Function not found: ${ARN}:function`));
  // AWS's message is null, for which the SDK writes its own word.
  const foreign = ARN.replace("000000000000", "123456789012");
  expect(await refusal(lambda.createFunction(base(`${foreign}:f`)))).toEqual([403, "AccessDeniedException", "UnknownError"]);
  expect(await refusal(lambda.getFunction({ FunctionName: `${ARN.replace("us-east-1", "ap-southeast-1")}:f` }))).toEqual(
    missing("Functions from 'ap-southeast-1' are not reachable in this region ('us-east-1')"),
  );
});

test("DeleteFunction looks at the qualifier before the function", async () => {
  const FunctionName = "my-function";
  const remove = (Qualifier?: string) => refusal(lambda.deleteFunction({ FunctionName, ...(Qualifier ? { Qualifier } : {}) }));
  expect(await remove("$LATEST")).toEqual(invalid("$LATEST version cannot be deleted without deleting the function."));
  expect(await remove("live")).toEqual(invalid("Deletion of aliases is not currently supported."));
  for (const qualifier of [undefined, "1233", "$latest"])
    expect(await remove(qualifier)).toEqual(missing(`Function not found: ${ARN}:my-function`));
  expect(await refusal(lambda.deleteFunction({ FunctionName: `${FunctionName}:1`, Qualifier: "2" }))).toEqual(
    invalid("The derived qualifier from the function name does not match the specified qualifier."),
  );
});

test("a revision id is new when a change starts, when it has settled, and when the policy or a version is made", async () => {
  const FunctionName = "revised";
  const shown = async (Qualifier?: string) => {
    const { Configuration } = await lambda.getFunction({ FunctionName, ...(Qualifier ? { Qualifier } : {}) });
    return Configuration?.RevisionId;
  };
  const created = await lambda.createFunction(base(FunctionName));
  expect(created.LastUpdateStatus).toBeUndefined();
  const active = await shown();
  const updated = await lambda.updateFunctionConfiguration({ FunctionName, Timeout: 9, ...(active ? { RevisionId: active } : {}) });
  expect(updated).toMatchObject({ State: "Active", LastUpdateStatus: "InProgress", LastUpdateStatusReasonCode: "Creating" });
  const settled = await shown();
  const { RevisionId: version } = await lambda.publishVersion({ FunctionName });
  const published = await shown();
  expect(await shown("1")).toBe(version);
  await lambda.addPermission({ FunctionName, StatementId: "s3", Action: "lambda:InvokeFunction", Principal: "s3.amazonaws.com" });
  const { RevisionId: policy } = await lambda.getPolicy({ FunctionName });
  expect(await shown()).toBe(policy);
  await lambda.publishVersion({ FunctionName });
  expect(await shown()).toBe(policy);
  const all = [created.RevisionId, active, updated.RevisionId, settled, version, published, policy];
  expect(new Set(all).size).toBe(all.length);
  const stale = await refusal(lambda.publishVersion({ FunctionName, RevisionId: "wrong" }));
  const text = (operations: string) =>
    `The Revision Id provided does not match the latest Revision Id. Call the ${operations} API to retrieve the latest Revision Id`;
  expect(stale).toEqual([412, "PreconditionFailedException", text("GetFunction/GetAlias")]);
  expect(await refusal(lambda.removePermission({ FunctionName, StatementId: "s3", RevisionId: "wrong" }))).toEqual([
    412,
    "PreconditionFailedException",
    text("GetPolicy"),
  ]);
});

test("a version that is published with a change of the code is Pending in the answer", async () => {
  const FunctionName = "changed";
  await lambda.createFunction(base(FunctionName));
  const next = await functionZip({ "index.mjs": "export const handler = async () => 2" });
  const answer = await lambda.updateFunctionCode({ FunctionName, ZipFile: next, Publish: true });
  expect(answer).toMatchObject({ FunctionArn: `${ARN}:changed:1`, Version: "1", State: "Pending", StateReasonCode: "Creating" });
  expect(answer.LastUpdateStatus).toBeUndefined();
});

test("while a function is Pending its answer has no LastUpdateStatus", async () => {
  const clock = virtualClock();
  const slow = await localAws({ clock, settings: { realism: true } });
  try {
    await slow.client(IAM).createRole({ RoleName: "runner", AssumeRolePolicyDocument: TRUST });
    await clock.advance(10_000);
    const made = await slow.client(Lambda).createFunction(base("slow"));
    const read = () => slow.client(Lambda).getFunctionConfiguration({ FunctionName: "slow" });
    const pending = await read();
    expect(pending).toMatchObject({ State: "Pending", RevisionId: made.RevisionId });
    expect(pending.LastUpdateStatus).toBeUndefined();
    await clock.advance(10_000);
    expect(await read()).toMatchObject({ State: "Active", LastUpdateStatus: "Successful" });
    expect((await read()).RevisionId).not.toBe(made.RevisionId);
  } finally {
    await slow.close();
  }
});

test("aliases: the words of each refusal", async () => {
  const FunctionName = "aliased";
  await lambda.createFunction({ ...base(FunctionName), Publish: true });
  const create = (FunctionVersion: string, weights?: Record<string, number>, name = "custom") =>
    refusal(
      lambda.createAlias({
        FunctionName,
        Name: name,
        FunctionVersion,
        ...(weights ? { RoutingConfig: { AdditionalVersionWeights: weights } } : {}),
      }),
    );
  expect(await create("1", { 1: 0.8, 2: 0.2 })).toEqual(invalid("Number of items in AdditionalVersionWeights cannot be greater than 1"));
  expect(await create("1", { 2: 2 })).toEqual([
    400,
    "ValidationException",
    "1 validation error detected: Value '{2=2.0}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be null]",
  ]);
  expect(await create("1", { $LATEST: 0.5 })).toEqual([
    400,
    "ValidationException",
    "1 validation error detected: Value '{$LATEST=0.5}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+]",
  ]);
  expect(await create("1", { 1: 0.5 })).toEqual(
    invalid("Invalid function version 1. Function version 1 is already included in routing configuration."),
  );
  expect(await create("10", { 2: 0.5 })).toEqual(missing(`Function not found: ${ARN}:aliased:10`));
  expect(await create("1", { 10: 0.5 })).toEqual(missing(`Function not found: ${ARN}:aliased:10`));
  expect(await create("$LATEST", { 1: 0.5 })).toEqual(invalid("$LATEST is not supported for an alias pointing to more than 1 version"));
  expect(await create("1", {})).toBe("accepted");
  expect(await refusal(lambda.createAlias({ FunctionName: "unknown", Name: "custom", FunctionVersion: "1" }))).toEqual(
    missing(`Function not found: ${ARN}:unknown:1`),
  );
  expect(await refusal(lambda.getAlias({ FunctionName, Name: "none" }))).toEqual(missing(`Cannot find alias arn: ${ARN}:aliased:none`));
  expect(await refusal(lambda.updateAlias({ FunctionName, Name: "none", Description: "" }))).toEqual(
    missing(`Alias not found: ${ARN}:aliased:none`),
  );
});

test("permissions: the words for a missing function, version, alias, policy and statement", async () => {
  const FunctionName = "permitted";
  await lambda.createFunction(base(FunctionName));
  const statement = { StatementId: "s3", Action: "lambda:InvokeFunction", Principal: "s3.amazonaws.com" };
  const add = (name: string, Qualifier?: string) =>
    refusal(lambda.addPermission({ FunctionName: name, ...statement, ...(Qualifier ? { Qualifier } : {}) }));
  const remove = (name: string, Qualifier?: string) =>
    refusal(lambda.removePermission({ FunctionName: name, StatementId: "s3", ...(Qualifier ? { Qualifier } : {}) }));
  expect(await add("nobody")).toEqual(missing(`Function not found: ${ARN}:nobody`));
  expect(await add(FunctionName, "42")).toEqual(missing(`Function not found: ${ARN}:permitted:42`));
  expect(await add(FunctionName, "with-$-sign")).toEqual(missing(`Function not found: ${ARN}:permitted:with-$-sign`));
  expect(await add(FunctionName, "live")).toEqual(missing(`Cannot find alias arn: ${ARN}:permitted:live`));
  expect(await add(`${FunctionName}:$LATEST`, "$LATEST")).toEqual(invalid("We currently do not support adding policies for $LATEST."));
  expect(await remove("nobody")).toEqual(missing(`No policy found for: ${ARN}:nobody`));
  expect(await remove(FunctionName)).toEqual(missing("No policy is associated with the given resource."));
  expect(await remove(FunctionName, "live")).toEqual(missing(`Cannot find alias arn: ${ARN}:permitted:live`));
  const absent = missing("The resource you requested does not exist.");
  expect(await refusal(lambda.getPolicy({ FunctionName: "nobody" }))).toEqual(absent);
  expect(await refusal(lambda.getPolicy({ FunctionName, Qualifier: "77" }))).toEqual(absent);
  expect(await add(FunctionName)).toBe("accepted");
  expect(await refusal(lambda.removePermission({ FunctionName, StatementId: "non-existent" }))).toEqual(
    missing("Statement non-existent is not found in resource policy."),
  );
  expect(await remove(FunctionName)).toBe("accepted");
  expect(await refusal(lambda.getPolicy({ FunctionName }))).toEqual(absent);
});

test("settings of asynchronous calls: what is checked first, and pages", async () => {
  const FunctionName = "asynchronous";
  await lambda.createFunction({ ...base(FunctionName), Publish: true });
  const put = (input: object) => refusal(lambda.putFunctionEventInvokeConfig({ FunctionName, ...input }));
  const to = (Destination: string) => ({ DestinationConfig: { OnSuccess: { Destination } } });
  expect(await put({ FunctionName: "nobody" })).toEqual(invalid("You must specify at least one of error handling or destination setting."));
  expect(await put({ FunctionName: "nobody", MaximumRetryAttempts: 1 })).toEqual(missing("The function doesn't exist."));
  expect(await put({ Qualifier: "none", MaximumRetryAttempts: 1 })).toEqual(missing("The function doesn't exist."));
  expect(await put(to(`${ARN}:nobody`))).toEqual(invalid(`The destination ARN ${ARN}:nobody is invalid.`));
  expect(await put(to(`${ARN}:asynchronous`))).toEqual(invalid("You can't specify the function as a destination for itself."));
  const foreign = `${ARN.replace("lambda", "iam")}:asynchronous`;
  expect(await put(to(foreign))).toEqual(
    invalid(`The provided destination config DestinationConfig(onSuccess=OnSuccess(destination=${foreign}), onFailure=null) is invalid.`),
  );
  expect(await put({ MaximumRetryAttempts: 1 })).toBe("accepted");
  expect(await put({ Qualifier: "1", MaximumRetryAttempts: 1 })).toBe("accepted");
  const first = await lambda.listFunctionEventInvokeConfigs({ FunctionName, MaxItems: 1 });
  const second = await lambda.listFunctionEventInvokeConfigs({ FunctionName, MaxItems: 1, Marker: first.NextMarker as string });
  expect([first, second].flatMap(({ FunctionEventInvokeConfigs }) => FunctionEventInvokeConfigs?.map((one) => one.FunctionArn))).toEqual([
    `${ARN}:asynchronous:$LATEST`,
    `${ARN}:asynchronous:1`,
  ]);
  expect(await refusal(lambda.listFunctionEventInvokeConfigs({ FunctionName: "nobody" }))).toEqual(missing("The function doesn't exist."));
  expect(await refusal(lambda.getFunctionEventInvokeConfig({ FunctionName: "nobody" }))).toEqual(
    missing(`The function ${ARN}:nobody:$LATEST doesn't have an EventInvokeConfig`),
  );
});

test("tags, concurrency, networks and runtimes: the words of each refusal", async () => {
  const FunctionName = "limited";
  await lambda.createFunction(base(FunctionName));
  const Resource = `${ARN}:limited`;
  expect(await refusal(lambda.tagResource({ Resource, Tags: {} }))).toEqual(
    invalid("An error occurred and the request cannot be processed."),
  );
  const many = Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`key${i}`, "value"]));
  expect(await refusal(lambda.tagResource({ Resource, Tags: many }))).toEqual(invalid("Number of tags exceeds resource tag limit."));
  expect(await refusal(lambda.listTags({ Resource: `${ARN}:nobody:alias` }))).toEqual(
    invalid("Tags on function aliases and versions are not supported. Please specify a function ARN."),
  );
  const mapping = Resource.replace("function:limited", "event-source-mapping:01f4fa0b-058b-4530-b191-2b19399bd6dc");
  expect(await refusal(lambda.listTags({ Resource: mapping }))).toEqual(missing(`Event source mapping not found: ${mapping}`));
  // The SDK sends an empty list as no parameter at all.
  expect(await refusal(lambda.untagResource({ Resource, TagKeys: [] }))).toEqual([
    400,
    "ValidationException",
    "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must not be null",
  ]);
  expect(await refusal(lambda.putFunctionConcurrency({ FunctionName: "nobody", ReservedConcurrentExecutions: 1 }))).toEqual(
    missing(`Function not found: ${ARN}:nobody:$LATEST`),
  );
  const network = (SecurityGroupIds: string[], SubnetIds: string[] = []) =>
    refusal(lambda.createFunction({ ...base("networked"), VpcConfig: { SubnetIds, SecurityGroupIds } }));
  expect(await network([], ["bad-format"])).toEqual([
    400,
    "ValidationException",
    "1 validation error detected: Value '[bad-format]' at 'vpcConfig.subnetIds' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 0, Member must satisfy regular expression pattern: subnet-[0-9a-z]*]",
  ]);
  expect(await network(["sg-00000000000000000"])).toEqual(
    invalid(
      "Error occurred while DescribeSecurityGroups. EC2 Error Code: InvalidGroup.NotFound. EC2 Error Message: The security group 'sg-00000000000000000' does not exist",
    ),
  );
  const runtime = (Runtime: string) => refusal(lambda.createFunction({ ...base("old"), Runtime: Runtime as never }));
  for (const former of ["java8", "go1.x", "provided", "ruby2.7", "python3.7", "dotnetcore3.1", "nodejs14.x"])
    expect(await runtime(former)).toEqual(
      invalid(
        `The runtime parameter of ${former} is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.`,
      ),
    );
  expect((await runtime("PYTHON3.9"))[2]).toMatch(
    /^Value PYTHON3\.9 at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: \[.*\] or be a valid ARN$/,
  );
});

test("a zip inside a call is refused by its own size", async () => {
  expect(await refusal(lambda.createFunction({ ...base("large"), Code: { ZipFile: new Uint8Array(52_428_801) } }))).toEqual([
    413,
    "RequestEntityTooLargeException",
    "Zipped size must be smaller than 52428800 bytes",
  ]);
});
