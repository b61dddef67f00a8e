import { APIGateway } from "@aws-sdk/client-api-gateway";
import { DynamoDB } from "@aws-sdk/client-dynamodb";
import { EC2 } from "@aws-sdk/client-ec2";
import { IAM } from "@aws-sdk/client-iam";
import { Lambda } from "@aws-sdk/client-lambda";
import { S3 } from "@aws-sdk/client-s3";
import { SNS } from "@aws-sdk/client-sns";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { virtualClock } from "../../src/local/core/clock.ts";
import { parseFaultPlan } from "../../src/local/core/fault-plan.ts";
import { type FaultRule, faultPlan, isWrite } from "../../src/local/core/faults.ts";
import { localAws } from "../support/local-aws.ts";

let aws: Awaited<ReturnType<typeof localAws>>;
let s3: S3;
const faults = faultPlan();
beforeAll(async () => {
  aws = await localAws({ faults });
  s3 = aws.client(S3);
});
afterAll(() => aws.close());
afterEach(async () => {
  faults.clear();
  for (const { Name: Bucket } of (await s3.listBuckets({})).Buckets ?? []) await s3.deleteBucket({ Bucket });
  faults.clear();
});

const names = async () => (await s3.listBuckets({})).Buckets?.map((bucket) => bucket.Name);
const create = (Bucket = "b-1") => s3.createBucket({ Bucket });
const onCreate = (fault: FaultRule["fault"], more: Partial<FaultRule> = {}): FaultRule => ({
  service: "s3",
  operation: "CreateBucket",
  fault,
  ...more,
});

describe("effect of a rule on a call", () => {
  test("`fail` refuses the call before any effect, with any code, status and headers", async () => {
    faults.add(onCreate({ kind: "fail", code: "OperationAborted", message: "Later.", status: 409, headers: { "retry-after": "7" } }));
    await expect(create()).rejects.toMatchObject({
      name: "OperationAborted",
      message: "Later.",
      $metadata: { httpStatusCode: 409 },
      $response: { headers: { "retry-after": "7" } },
    });
    expect(await names()).toEqual([]);
    await create();
  });

  test("`failAfter` answers an error after the call took effect", async () => {
    faults.add(onCreate({ kind: "failAfter", code: "ServiceUnavailable", status: 503 }));
    await expect(create()).rejects.toMatchObject({ name: "ServiceUnavailable", $metadata: { httpStatusCode: 503 } });
    expect(await names()).toEqual(["b-1"]);
  });

  test("`lose` drops the answer after the call took effect; the SDK retries the call", async () => {
    faults.add(onCreate({ kind: "lose" }));
    await expect(create()).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect(await names()).toEqual(["b-1"]);
    faults.add(onCreate({ kind: "lose" }));
    await aws.client(S3, { maxAttempts: 2 } as object).createBucket({ Bucket: "b-2" });
    const calls = faults.calls().filter((call) => call.operation === "CreateBucket");
    expect(calls.map(({ outcome, effect, fault }) => [outcome, effect, fault])).toEqual([
      ["cut", true, "lose"],
      ["cut", true, "lose"],
      ["ok", true, undefined],
    ]);
  });

  test("`cutBefore` closes the connection before any effect", async () => {
    faults.add(onCreate({ kind: "cutBefore" }));
    await expect(create()).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect(await names()).toEqual([]);
  });

  test.each([true, false])("`hang` waits until the client leaves; the call then takes effect: %s", async (effect) => {
    faults.add(onCreate({ kind: "hang", effect }));
    const leaving = new AbortController();
    const call = s3.createBucket({ Bucket: "b-1" }, { abortSignal: leaving.signal });
    await expect.poll(() => faults.calls().length).toBe(1);
    leaving.abort();
    await expect(call).rejects.toMatchObject({ name: "AbortError" });
    await expect.poll(() => faults.calls()[0]?.outcome).not.toBe("running");
    expect(await names()).toEqual(effect ? ["b-1"] : []);
  });

  test("`slow` and `hang` with a time use the clock of the local AWS", async () => {
    const clock = virtualClock();
    const plan = faultPlan([onCreate({ kind: "slow", ms: 1_200_000 }), onCreate({ kind: "hang", ms: 5_000 }, { nth: 2 })]);
    const other = await localAws({ faults: plan, clock });
    const start = clock.now();
    await other.client(S3).createBucket({ Bucket: "b-1" });
    expect(clock.now() - start).toBe(1_200_000);
    await other.client(S3).createBucket({ Bucket: "b-2" });
    expect(clock.now() - start).toBe(1_205_000);
    await other.close();
  });

  test("`hook` runs functions before and after the call", async () => {
    const seen: string[] = [];
    faults.add(
      onCreate({
        kind: "hook",
        before: ({ input }) => void seen.push(`before ${input.Bucket}`),
        after: async ({ input }) => {
          seen.push("after");
          await aws.env.dispatch("s3", "DeleteBucket", { Bucket: input.Bucket });
        },
      }),
    );
    await create();
    expect(seen).toEqual(["before b-1", "after"]);
    expect(await names()).toEqual([]);
  });

  test("`deny` refuses the call with the service's access error", async () => {
    faults.add(onCreate({ kind: "deny" }));
    await expect(create()).rejects.toMatchObject({ name: "AccessDenied", $metadata: { httpStatusCode: 403 } });
  });
});

test("`throttle` answers each service's own error, which its SDK retries", async () => {
  faults.add({ fault: { kind: "throttle" }, times: null });
  const refused = async (call: Promise<unknown>) =>
    call.catch((error) => [
      error.name,
      error.$metadata.httpStatusCode,
      error.$retryable !== undefined || /Throttl|TooMany|SlowDown|RequestLimit/.test(error.name),
    ]);
  expect(await refused(s3.listBuckets({}))).toEqual(["SlowDown", 503, true]);
  expect(await refused(aws.client(DynamoDB).listTables({}))).toEqual(["ThrottlingException", 400, true]);
  expect(await refused(aws.client(SNS).listTopics({}))).toEqual(["ThrottledException", 429, true]);
  expect(await refused(aws.client(IAM).listRoles({}))).toEqual(["Throttling", 400, true]);
  expect(await refused(aws.client(EC2).describeVpcs({}))).toEqual(["RequestLimitExceeded", 503, true]);
  expect(await refused(aws.client(Lambda).listFunctions({}))).toEqual(["TooManyRequestsException", 429, true]);
  const api = await aws
    .client(APIGateway)
    .getRestApis({})
    .catch((error) => error);
  expect(api).toMatchObject({ name: "TooManyRequestsException", $metadata: { httpStatusCode: 429 }, retryAfterSeconds: "1" });
  faults.clear();
});

describe("stale answers", () => {
  test("a stale read answers as before the last write", async () => {
    faults.add({ service: "s3", operation: "HeadBucket", nth: 2, times: 2, fault: { kind: "staleRead" } });
    const head = () =>
      s3.headBucket({ Bucket: "b-1" }).then(
        () => "there",
        (error) => error.name,
      );
    expect(await head()).toBe("NotFound");
    await create();
    expect([await head(), await head(), await head()]).toEqual(["NotFound", "NotFound", "there"]);
  });

  test("a stale list shows the state before the last write; other calls do not change", async () => {
    faults.add({ fault: { kind: "staleList" }, times: null });
    await create("b-1");
    await s3.headBucket({ Bucket: "b-1" });
    expect(await names()).toEqual(["b-1"]);
    await create("b-2");
    expect(await names()).toEqual(["b-1"]);
    faults.clear();
    expect(await names()).toEqual(["b-1", "b-2"]);
  });

  test("an empty page has a token, and the next page has the items", async () => {
    await create("b-1");
    faults.add({ operation: "ListBuckets", fault: { kind: "emptyPage" } });
    const first = await s3.listBuckets({});
    expect(first.Buckets ?? []).toEqual([]);
    expect(first.ContinuationToken).toBeTruthy();
    const second = await s3.listBuckets({ ContinuationToken: first.ContinuationToken });
    expect(second.Buckets?.map((bucket) => bucket.Name)).toEqual(["b-1"]);
    faults.add({ service: "sns", operation: "ListTopics", fault: { kind: "emptyPage" } });
    expect(await aws.client(SNS).listTopics({})).toMatchObject({ NextToken: expect.any(String) });
  });
});

describe("calls that a rule hits", () => {
  test("a rule selects the n-th and following calls by service, operation, prefix, write and input", async () => {
    faults.add(
      { operation: "Create*", write: true, nth: 2, times: 2, fault: { kind: "fail", code: "Second" } },
      { input: '"Bucket":"b-9"', fault: { kind: "fail", code: "Nine" } },
    );
    const code = (Bucket: string) =>
      create(Bucket).then(
        () => "ok",
        (error) => error.name,
      );
    expect([await code("b-1"), await code("b-2"), await code("b-3"), await code("b-4"), await code("b-9")]).toEqual([
      "ok",
      "Second",
      "Second",
      "ok",
      "Nine",
    ]);
  });

  test("a rule hits the n-th writing call of a run; the same calls give the same log", async () => {
    const run = async (nth: number) => {
      faults.clear();
      faults.add({ write: true, nth, fault: { kind: "failAfter" } });
      await create().catch(() => {});
      await s3.putBucketTagging({ Bucket: "b-1", Tagging: { TagSet: [{ Key: "k", Value: "v" }] } }).catch(() => {});
      await s3.getBucketTagging({ Bucket: "b-1" }).catch(() => {});
      await s3.deleteBucket({ Bucket: "b-1" }).catch(() => {});
      return faults
        .calls()
        .map(({ sequence, operation, write, outcome, effect, code }) => ({ sequence, operation, write, outcome, effect, code }));
    };
    const second = await run(2);
    expect(second).toEqual(await run(2));
    expect(second.map(({ outcome }) => outcome)).toEqual(["ok", "refused", "ok", "ok"]);
    expect((await run(3)).map(({ outcome }) => outcome)).toEqual(["ok", "ok", "ok", "refused"]);
  });

  test("a rule with a chance hits the same calls for the same seed, and others for another seed", async () => {
    const run = async (seed: number) => {
      faults.clear();
      const fault = { kind: "throttle" };
      faults.add(...parseFaultPlan({ seed, rules: [{ operation: "HeadBucket", nth: 11, times: null, chance: 0.3, fault }] }));
      for (let i = 0; i < 60; i++) await s3.headBucket({ Bucket: "none" }).catch(() => {});
      return faults.calls().flatMap(({ sequence, fault: kind }) => (kind ? [sequence] : []));
    };
    const first = await run(7);
    expect(await run(7)).toEqual(first);
    expect(await run(8)).not.toEqual(first);
    expect(first.every((sequence) => sequence > 10)).toBe(true);
    expect(first.length).toBeGreaterThan(5);
    expect(first.length).toBeLessThan(30);
    // Two rules of one plan draw independently. `times` counts the calls that are hit.
    const rule = { operation: "HeadBucket", chance: 0.5, fault: { kind: "deny" } };
    expect(parseFaultPlan({ seed: 5, rules: [rule, rule] }).map(({ seed }) => seed)).toEqual([5, 6]);
    faults.clear();
    faults.add({ operation: "HeadBucket", chance: 0.2, times: 2, fault: { kind: "cutBefore" } });
    for (let i = 0; i < 40; i++) await s3.headBucket({ Bucket: "none" }).catch(() => {});
    expect(faults.calls().filter((call) => call.fault)).toHaveLength(2);
  });

  test("the log holds the length of bytes and long texts, not their content", async () => {
    const sns = aws.client(SNS);
    const { TopicArn } = await sns.createTopic({ Name: "t" });
    await sns.publish({
      TopicArn,
      Message: "m".repeat(100_000),
      MessageAttributes: { a: { DataType: "Binary", BinaryValue: Buffer.alloc(999) } },
    });
    expect(faults.calls().at(-1)?.input).toEqual({
      TopicArn,
      Message: "(100000 characters)",
      MessageAttributes: { a: { DataType: "Binary", BinaryValue: "(999 bytes)" } },
    });
  });

  test("calls from inside are neither counted nor changed", async () => {
    faults.add({ fault: { kind: "deny" }, times: null });
    await aws.env.dispatch("s3", "CreateBucket", { Bucket: "b-1" });
    expect(faults.calls()).toEqual([]);
  });
});

test("operations are classified as writes and reads", () => {
  const writes = [
    "s3:CreateBucket",
    "iam:TagRole",
    "rds:ModifyDBInstance",
    "lambda:AddPermission",
    "sns:Publish",
    "dynamodb:BatchWriteItem",
    "ec2:AuthorizeSecurityGroupIngress",
    "lambda:PublishVersion",
    "s3:CompleteMultipartUpload",
    "iam:AttachRolePolicy",
    "apigateway:ImportRestApi",
  ];
  const reads = [
    "s3:HeadBucket",
    "sts:AssumeRole",
    "sts:GetCallerIdentity",
    "lambda:Invoke",
    "logs:FilterLogEvents",
    "dynamodb:Query",
    "dynamodb:BatchGetItem",
    "iam:SimulatePrincipalPolicy",
    "logs:StartQuery",
    "ec2:DescribeVpcs",
    "apigateway:TestInvokeMethod",
  ];
  const verdict = (name: string) => isWrite(name.split(":")[1] as string);
  expect(writes.filter((name) => !verdict(name))).toEqual([]);
  expect(reads.filter(verdict)).toEqual([]);
});

describe("a fault plan as JSON", () => {
  test("is read, or refused with the path of the wrong value", () => {
    const plan = parseFaultPlan({ rules: [{ service: "rds", operation: "CreateDBInstance", nth: 2, fault: { kind: "throttle" } }] });
    expect(plan).toMatchObject([{ service: "rds", nth: 2, seed: 1, fault: { kind: "throttle" } }]);
    expect(() => parseFaultPlan([{ fault: { kind: "explode" } }])).toThrow(/fault plan is not valid[\s\S]*rules\[0\]\.fault/);
    expect(() => parseFaultPlan([{ operations: "x", fault: { kind: "deny" } }])).toThrow(/operations/);
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        try {
          parseFaultPlan(json);
        } catch (error) {
          expect((error as Error).message).toContain("The fault plan is not valid");
        }
      }),
    );
  });

  test("is set at the control endpoint of a running server", async () => {
    const at = `${aws.url}/_local/faults`;
    const posted = await fetch(at, { method: "POST", body: JSON.stringify(onCreate({ kind: "fail", code: "Scripted" })) });
    expect(posted.status).toBe(200);
    await expect(create()).rejects.toMatchObject({ name: "Scripted" });
    expect(await (await fetch(at)).json()).toMatchObject({
      rules: [{ matched: 1, hits: 1 }],
      calls: [{ operation: "CreateBucket", code: "Scripted" }],
    });
    expect((await fetch(at, { method: "POST", body: "{" })).status).toBe(400);
    expect((await fetch(at, { method: "POST", body: "[]", headers: { origin: "https://evil.example" } })).status).toBe(403);
    await fetch(at, { method: "DELETE" });
    expect(await (await fetch(at)).json()).toEqual({ rules: [], calls: [] });
  });
});
