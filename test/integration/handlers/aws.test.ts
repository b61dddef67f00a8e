import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { CreateBucketCommand, GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { makeDynamoDB } from "../../../handlers/shared/aws/dynamodb.ts";
import { openBucket } from "../../../handlers/shared/aws/s3.ts";
import { makePublish } from "../../../handlers/shared/aws/sns.ts";
import { toApiError } from "../../../handlers/shared/errors.ts";
import { localAws } from "../../support/local-aws.ts";

/** Answers of a server that is not AWS, one for each request, in their order; the last one stands. */
let answers: ((response: ServerResponse, request: IncomingMessage) => void)[] = [];
let seen: { url: string; headers: IncomingMessage["headers"]; body: string; socket: unknown }[] = [];
const server = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  seen.push({ url: request.url ?? "", headers: request.headers, body, socket: request.socket });
  const answer = answers.length > 1 ? answers.shift() : answers[0];
  answer?.(response, request);
});
let env: NodeJS.ProcessEnv;
const signal = new AbortController().signal;
const input = { TableName: "t", Key: { id: { S: "1" } } };

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  env = {
    AWS_REGION: "us-east-1",
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
    AWS_SECRET_ACCESS_KEY: "secret",
    AWS_SESSION_TOKEN: "token",
  };
});
afterAll(() => void server.close().closeAllConnections());
beforeEach(() => {
  seen = [];
});

const status =
  (code: number, body = "", headers: Record<string, string> = {}) =>
  (response: ServerResponse) =>
    response.writeHead(code, headers).end(body);
const json = (code: number, type: string, members: object = {}) =>
  status(code, JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, message: "said", ...members }), {
    "x-amzn-requestid": "R1",
  });
const found = status(200, JSON.stringify({ Item: { id: { S: "1" } } }));

test.each([
  ["an error of the service", status(500)],
  ["a throttle", json(400, "ProvisionedThroughputExceededException")],
  ["a gateway's page", status(503, "<html>busy</html>")],
  ["a cut connection", (response: ServerResponse) => response.destroy()],
])("%s is retried up to three times", async (_, bad) => {
  answers = [bad, bad, found];
  await expect(makeDynamoDB(env)("GetItem", input, signal)).resolves.toEqual({ Item: { id: { S: "1" } } });
  expect(seen.length).toBe(3);
  answers = [bad];
  const failed = await makeDynamoDB(env)("GetItem", input, signal).catch((error) => error);
  expect(toApiError(failed).code).toBe("UNAVAILABLE");
  expect(seen.length).toBe(6);
});

test("a refusal has the name and members of AWS, and is not retried", async () => {
  answers = [json(400, "TransactionCanceledException", { CancellationReasons: [{ Code: "None" }] })];
  await expect(makeDynamoDB(env)("TransactWriteItems", { TransactItems: [] }, signal)).rejects.toMatchObject({
    name: "TransactionCanceledException",
    message: "said",
    CancellationReasons: [{ Code: "None" }],
    $metadata: { httpStatusCode: 400, requestId: "R1" },
  });
  expect(seen.length).toBe(1);
});

test("answers in another format than AWS errors are failures", async () => {
  answers = [status(403, "<html>forbidden by a proxy</html>")];
  await expect(makeDynamoDB(env)("GetItem", input, signal)).rejects.toMatchObject({ name: "Http403" });
  await expect(openBucket("b", env).metadataOf("k", signal)).rejects.toMatchObject({ name: "Http403" });
});

test("a server that never answers causes a retryable timeout, and an aborted call ends at once", async () => {
  answers = [() => {}];
  const slow = makeDynamoDB({ ...env, AWS_MAX_ATTEMPTS: "1" })("GetItem", input, signal).catch((error) => error);
  const controller = new AbortController();
  const aborted = makeDynamoDB(env)("GetItem", input, controller.signal).catch((error) => error);
  controller.abort();
  expect(await aborted).toMatchObject({ name: "AbortError" });
  expect(await slow).toMatchObject({ name: "TimeoutError" });
  expect(toApiError(await slow).code).toBe("UNAVAILABLE");
});

test("a wrong local clock is corrected with the date of the service", async () => {
  const theirs = new Date(Date.now() + 3_600_000);
  answers = [
    (response) => {
      response.writeHead(403, { date: theirs.toUTCString() }).end(JSON.stringify({ __type: "InvalidSignatureException" }));
    },
    found,
  ];
  await makeDynamoDB(env)("GetItem", input, signal);
  const [first, second] = seen.map(({ headers }) => String(headers["x-amz-date"]));
  expect(first?.slice(0, 11)).not.toBe(second?.slice(0, 11));
  expect(second?.slice(0, 11)).toBe(theirs.toISOString().replaceAll(/[-:]/g, "").slice(0, 11));
});

test("connections are reused, and calls have the session token and the trace id", async () => {
  answers = [found];
  const dynamodb = makeDynamoDB({ ...env, _X_AMZN_TRACE_ID: "Root=1-2-3" });
  await dynamodb("GetItem", input, signal);
  await dynamodb("GetItem", input, signal);
  expect(new Set(seen.map(({ socket }) => socket)).size).toBe(1);
  expect(seen[0]?.headers).toMatchObject({ "x-amz-security-token": "token", "x-amzn-trace-id": "Root=1-2-3" });
});

test("a publication is sent in the query format of SNS with its attributes", async () => {
  answers = [status(200, "<PublishResponse/>")];
  await makePublish(env)({ topicArn: "arn:t", subject: "s", message: "ñ & =", attributes: { type: "A", vehicle_id: "v" } }, signal);
  expect(Object.fromEntries(new URLSearchParams(seen[0]?.body))).toMatchObject({
    Action: "Publish",
    Message: "ñ & =",
    "MessageAttributes.entry.2.Name": "vehicle_id",
    "MessageAttributes.entry.2.Value.StringValue": "v",
  });
});

test("objects with every valid name are written once, with metadata and a valid signature", async () => {
  const aws = await localAws();
  try {
    const s3 = aws.client(S3Client, { forcePathStyle: true });
    await s3.send(new CreateBucketCommand({ Bucket: "data" }));
    const bucket = openBucket("data", { ...env, AWS_ENDPOINT_URL: aws.url, AWS_SESSION_TOKEN: undefined });
    for (const key of ["a/b:c.d_e-f.json", "__proto__", "a b+c/ñ(1)*'!~", "x/../y", "//two"]) {
      const object = { key, contentType: "application/json", body: `{"ñ":"${key}"}`, metadata: { fingerprint: "f", invocation: "i" } };
      await bucket.putIfAbsent(object, signal);
      await expect(bucket.putIfAbsent(object, signal)).rejects.toMatchObject({ name: "PreconditionFailed" });
      expect(Object.fromEntries(await bucket.metadataOf(key, signal))).toEqual({ fingerprint: "f", invocation: "i" });
      const stored = await s3.send(new GetObjectCommand({ Bucket: "data", Key: key }));
      expect(await stored.Body?.transformToString()).toBe(object.body);
    }
    await expect(bucket.metadataOf("none", signal)).rejects.toMatchObject({ $metadata: { httpStatusCode: 404 } });
  } finally {
    await aws.close();
  }
});
