import { request } from "node:http";
import { deflateSync, gunzipSync, gzipSync, inflateSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { localAws } from "../support/local-aws.ts";

let aws: Awaited<ReturnType<typeof localAws>>;
const TableName = "wire";
beforeAll(async () => {
  aws = await localAws();
  await call("CreateTable", {
    TableName,
    AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    BillingMode: "PAY_PER_REQUEST",
  });
  await call("PutItem", { TableName, Item: { id: { S: "long" }, text: { S: "x".repeat(5_000) } } });
  await call("PutItem", { TableName, Item: { id: { S: "short" } } });
});
afterAll(() => aws.close());

interface Answer {
  readonly status: number | undefined;
  readonly coding: string | undefined;
  readonly body: Buffer;
}
const CREDENTIAL = "AKID/20260101/us-east-1/dynamodb/aws4_request";
/** Sends the request as bytes, so that the test sees the answer before any client has decoded it. */
function call(operation: string, input: object | string | Buffer, headers: Record<string, string | string[]> = {}): Promise<Answer> {
  const body = typeof input === "string" || Buffer.isBuffer(input) ? input : JSON.stringify(input);
  return new Promise((resolve, reject) => {
    const sent = request(aws.url, {
      method: "POST",
      headers: {
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": `DynamoDB_20120810.${operation}`,
        "x-amz-date": new Date().toISOString().replace(/[-:]|\.\d+/g, ""),
        authorization: `AWS4-HMAC-SHA256 Credential=${CREDENTIAL}, SignedHeaders=host, Signature=0`,
        ...headers,
      },
    });
    sent.on("error", reject).on("response", async (response) => {
      const body = Buffer.concat(await response.toArray());
      resolve({ status: response.statusCode, coding: response.headers["content-encoding"], body });
    });
    sent.end(body);
  });
}
const getItem = (id: string, accepted?: string | string[]): Promise<Answer> =>
  call("GetItem", { TableName, Key: { id: { S: id } } }, accepted === undefined ? {} : { "accept-encoding": accepted });

test("an operation without an output has an empty body", async () => {
  const ResourceArn = `arn:aws:dynamodb:us-east-1:000000000000:table/${TableName}`;
  expect(await call("TagResource", { ResourceArn, Tags: [{ Key: "k", Value: "v" }] })).toEqual({ status: 200, body: Buffer.alloc(0) });
  expect(await call("UntagResource", { ResourceArn, TagKeys: ["k"] })).toEqual({ status: 200, body: Buffer.alloc(0) });
});

test("a body that is no JSON is refused without a message", async () => {
  const { status, body } = await call("PutItem", "{broken json");
  expect(status).toBe(400);
  expect(JSON.parse(body.toString())).toEqual({ __type: "com.amazon.coral.service#SerializationException" });
});

test("a request body is read in the coding that its header names; an unknown coding is an error of 500", async () => {
  const put = (id: string) => JSON.stringify({ TableName, Item: { id: { S: id } } });
  expect((await call("PutItem", gzipSync(put("gzip")), { "content-encoding": "gzip" })).status).toBe(200);
  expect((await call("PutItem", deflateSync(put("deflate")), { "content-encoding": "deflate" })).status).toBe(200);
  expect((await call("PutItem", put("garbage"), { "content-encoding": "garbage" })).status).toBe(500);
  expect((await getItem("gzip")).body.toString()).toContain("gzip");
  expect((await getItem("deflate")).body.toString()).toContain("deflate");
  expect((await getItem("garbage")).body.toString()).toBe("{}");
});

test("a response above 4 KB is compressed when the client accepts it", async () => {
  const plain = await getItem("long");
  expect(plain).toMatchObject({ status: 200, coding: undefined });
  const gzipped = await getItem("long", "gzip");
  expect(gzipped.coding).toBe("gzip");
  expect(gunzipSync(gzipped.body)).toEqual(plain.body);
  const deflated = await getItem("long", "deflate");
  expect(deflated.coding).toBe("deflate");
  expect(inflateSync(deflated.body)).toEqual(plain.body);
  expect((await getItem("short", "gzip")).coding).toBeUndefined();
});

// Each was seen on DynamoDB by the authors of a public test suite.
test.each<[string | string[], "gzip" | "deflate" | undefined]>([
  ["identity", undefined],
  ["br, zstd, compress, x-gzip", undefined],
  ["gzip, deflate", "gzip"],
  ["br, identity, deflate, gzip", "deflate"],
  ["GZIP, identity", "gzip"],
  ["dog, gzip ,, cat", "gzip"],
  ["gzip;q=0.2, deflate;q=0.5", "deflate"],
  ["br, gzip;q=0, deflate; q = 0.5 , identity;q=0", "deflate"],
  ["*", "gzip"],
  ["*, deflate", "deflate"],
  ["*, gzip;q=0.5", "deflate"],
  ["gzip ;q=0", undefined],
  ["*;q=0", undefined],
  ["*;q=0.5,identity", "gzip"],
  ['"gzip"', undefined],
  ["gzip br", undefined],
  ["gzip;q=31,deflate;q=51", "gzip"],
  ["deflate;q=0.5,gzip;q=0.x", "gzip"],
  ["deflate;q=-0.5,gzip;q=0.2", "gzip"],
  ["gzip;q= 0;q=1", undefined],
  ["gzip;q =0;q=1", "gzip"],
  ["gzip;nq=0;q=1", undefined],
  ["gzip;q=0, gzip;q=1, gzip;q=0", "gzip"],
  [["identity", "gzip"], undefined],
  [["gzip", "identity"], "gzip"],
])("Accept-Encoding %j gets %s", async (accepted, coding) => {
  expect((await getItem("long", accepted)).coding).toBe(coding);
});
