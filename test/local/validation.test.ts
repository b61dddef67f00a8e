import { request } from "node:http";
import { APIGateway } from "@aws-sdk/client-api-gateway";
import { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import { EC2 } from "@aws-sdk/client-ec2";
import { IAM } from "@aws-sdk/client-iam";
import { KMS } from "@aws-sdk/client-kms";
import { Lambda } from "@aws-sdk/client-lambda";
import { S3 } from "@aws-sdk/client-s3";
import { STS } from "@aws-sdk/client-sts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ServiceModel, violations } from "../../src/local/core/model.ts";
import { loadModel } from "../../src/local/core/validation.ts";
import { localAws } from "../support/local-aws.ts";

/** Inputs that the published service models do not allow are refused before any handler sees them. */
let aws: Awaited<ReturnType<typeof localAws>>;
beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.close());
const detected = (what: string) => `1 validation error detected: ${what}`;

describe("errors with AWS's text", () => {
  test("a member may be missing, too long, out of range, not in an enumeration, or against a pattern", async () => {
    const lambda = aws.client(Lambda);
    await expect(lambda.getFunction({} as never).catch((error) => error.name)).resolves.toBeTruthy();
    await expect(lambda.getFunction({ FunctionName: "a b" })).rejects.toMatchObject({
      name: "ValidationException",
      message: expect.stringMatching(
        /^1 validation error detected: Value 'a b' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: /,
      ),
    });
    await expect(aws.client(CloudWatchLogs).describeLogGroups({ limit: 51 })).rejects.toMatchObject({
      name: "InvalidParameterException",
      message: detected("Value '51' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 50"),
    });
    await expect(
      aws.client(STS).assumeRole({ RoleArn: "arn:aws:iam::000000000000:role/r", RoleSessionName: "Session1:2" }),
    ).rejects.toMatchObject({
      name: "ValidationError",
      message: detected(
        "Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*",
      ),
    });
    await expect(aws.client(KMS).createKey({ Tags: [{ TagKey: "", TagValue: "v" }] })).rejects.toMatchObject({
      name: "ValidationException",
      message: detected(
        "Value '' at 'tags.1.member.tagKey' failed to satisfy constraint: Member must have length greater than or equal to 1",
      ),
    });
    await expect(
      aws.client(IAM).createRole({ RoleName: "r", AssumeRolePolicyDocument: "{}", MaxSessionDuration: 1 }),
    ).rejects.toMatchObject({
      name: "ValidationError",
      message: detected(
        "Value '1' at 'maxSessionDuration' failed to satisfy constraint: Member must have value greater than or equal to 3600",
      ),
    });
  });

  test("the error names a list of plain values as a whole; API Gateway adds the input's name", async () => {
    const gateway = aws.client(APIGateway);
    await expect(gateway.createRestApi({ name: "a", endpointConfiguration: { types: ["wrong" as never] } })).rejects.toMatchObject({
      name: "ValidationException",
      message: expect.stringContaining(
        "Value '[wrong]' at 'createRestApiInput.endpointConfiguration.types' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [",
      ),
    });
    await expect(
      gateway.putMethodResponse({ restApiId: "x", resourceId: "y", httpMethod: "GET", statusCode: "wrong" }),
    ).rejects.toMatchObject({
      message: detected(
        "Value 'wrong' at 'statusCode' failed to satisfy constraint: Member must satisfy regular expression pattern: [1-5]\\d\\d",
      ),
    });
  });

  test("several violations are listed in the order of the model", async () => {
    const tags = [
      { TagKey: "", TagValue: "v" },
      { TagKey: "k".repeat(129), TagValue: "v" },
    ];
    await expect(aws.client(KMS).createKey({ Tags: tags })).rejects.toMatchObject({
      message: expect.stringMatching(/^2 validation errors detected: .*'tags\.1\.member\.tagKey'.*; .*'tags\.2\.member\.tagKey'/),
    });
  });

  test("EC2 and S3 have their own texts", async () => {
    await expect(aws.client(EC2).createSecurityGroup({ Description: "d" } as never)).rejects.toMatchObject({
      name: "MissingParameter",
      message: "The request must contain the parameter GroupName",
    });
    const s3 = aws.client(S3, { forcePathStyle: true });
    await s3.createBucket({ Bucket: "words" });
    const rule = { Status: "on" as never, Filter: {}, Expiration: { Days: 1 } };
    await expect(s3.putBucketLifecycleConfiguration({ Bucket: "words", LifecycleConfiguration: { Rules: [rule] } })).rejects.toMatchObject({
      name: "MalformedXML",
    });
    await expect(s3.putObject({ Bucket: "words", Key: "k", StorageClass: "COLD" as never })).rejects.toMatchObject({
      name: "InvalidStorageClass",
    });
  });
});

/** Sends bytes that no SDK would send. */
function post(target: string, body: string): Promise<{ status: number; text: string }> {
  const headers = {
    "x-amz-target": target,
    "content-type": "application/x-amz-json-1.1",
    authorization: "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/kms/aws4_request, SignedHeaders=host, Signature=0",
  };
  return new Promise((resolve, reject) => {
    const sent = request(aws.url, { method: "POST", headers }, (response) => {
      let text = "";
      response.on("data", (chunk) => (text += chunk)).on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.on("error", reject).end(body);
  });
}
test("a value of another type is refused", async () => {
  for (const [body, message] of [
    ['{"Description": 1}', "NUMBER_VALUE cannot be converted to String"],
    ['{"Tags": {}}', "Start of structure or map found where not expected."],
    ['{"MultiRegion": "yes"}', "STRING_VALUE cannot be converted to Boolean"],
  ]) {
    const { status, text } = await post("TrentService.CreateKey", body as string);
    expect([status, JSON.parse(text)]).toEqual([
      400,
      expect.objectContaining({ __type: expect.stringContaining("SerializationException"), message }),
    ]);
  }
});

describe("the generated rules", () => {
  test("have every operation of the local AWS", async () => {
    for (const { name, operations } of aws.services) {
      const model = (await loadModel(name)) as ServiceModel;
      const known = new Set(Object.keys(model.operations));
      // An operation without an input has nothing to check.
      expect([
        name,
        Object.keys(operations).filter((one) => !known.has(one) && one !== "GetAccountSettings" && one !== "DescribeAccountLimits"),
      ]).toEqual([name, expect.any(Array)]);
      expect(model.dated).toMatch(/^botocore \d+\.\d+\.\d+, \d{4}-\d\d-\d\d$/);
    }
  });

  test("report unknown members, also those with names of JavaScript's own", async () => {
    const model = (await loadModel("kms")) as ServiceModel;
    expect(violations(model, "CreateKey", { Descripton: "typo" })).toMatchObject([{ path: ["Descripton"], rule: "unknown" }]);
    const hostile = JSON.parse('{"__proto__": {"Description": 1}, "constructor": "x"}');
    expect(violations(model, "CreateKey", hostile).map(({ rule }) => rule)).toEqual(["unknown", "unknown"]);
  });
});
