import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { S3 } from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { openObjectReader } from "../../../src/aws/object-reader.ts";
import { localAws } from "../../support/local-aws.ts";
import { clientsOfTest } from "../../support/made-clients.ts";

const { clients, toClose } = clientsOfTest();
const place = { bucket: "fleetlogix-data", account: "000000000000", region: "us-east-1" };
const CONTENT = '{"event_id":"é1"}';
/** MD5 of the content. */
const ETAG = '"86589e9323e063814fd458e3d9fd2fd0"';

async function localReader(account = place.account) {
  const aws = await localAws();
  toClose.push(aws.close);
  const s3 = aws.client(S3, { forcePathStyle: true });
  await s3.createBucket({ Bucket: place.bucket });
  const read = await openObjectReader(clients({ endpoint: aws.url, region: place.region }), { ...place, account, endpoint: aws.url });
  return { read, put: (Key: string, Body: Buffer | string) => s3.putObject({ Bucket: place.bucket, Key, Body }) };
}
/** A reader whose every GET is answered by `answer`. */
async function readerOf(answer: (response: ServerResponse) => unknown) {
  const server = createServer((_, response) => answer(response)).listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  toClose.push(
    () => server.closeAllConnections(),
    () => server.close(),
  );
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return openObjectReader(clients({ endpoint, region: place.region }), { ...place, endpoint });
}

test("objects arrive byte for byte, whatever their keys and contents are", async () => {
  const { read, put } = await localReader();
  const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, i) => i % 256));
  for (const [key, body] of [
    ["raw-data/vehicles/year=2026/month=03/day=01/20260301T000000000Z-x-e1.json", CONTENT],
    ["raw-data/ñ á+b (1)!*'~%2F.json", CONTENT],
    ["empty", ""],
    ["bytes", bytes],
  ] as const) {
    await put(key, body);
    expect(await read(key), key).toEqual(Buffer.from(body));
  }
});

test("a missing object, a bucket of another account and an answer that is no 2xx give no content", async () => {
  const { read } = await localReader();
  expect(await read("missing")).toBeUndefined();
  const other = await localReader("111111111111");
  await other.put("there", CONTENT);
  expect(await other.read("there")).toBeUndefined();
  for (const status of [302, 403, 500, 503]) {
    const failing = await readerOf((response) => response.writeHead(status, { etag: ETAG }).end(CONTENT));
    expect(await failing("there"), String(status)).toBeUndefined();
  }
});

test("a body that is not the stored object is an error", async () => {
  const whole = await readerOf((response) => response.writeHead(200, { etag: ETAG }).end(CONTENT));
  expect(String(await whole("there"))).toBe(CONTENT);
  const changed = await readerOf((response) => response.writeHead(200, { etag: ETAG }).end(CONTENT.replace("1", "2")));
  await expect(changed("raw-data/one.json")).rejects.toMatchObject({
    code: "LAKE_DIFFERS",
    message: 'The object "raw-data/one.json" of the bucket "fleetlogix-data" arrived with other bytes than S3 has stored.',
  });
  const short = await readerOf((response) => {
    response.writeHead(200, { etag: ETAG, "content-length": Buffer.byteLength(CONTENT) + 1 });
    response.write(CONTENT, () => response.destroy());
  });
  await expect(short("there")).rejects.toThrow("aborted");
});

test("an ETag that is no MD5 of the content is not compared", async () => {
  for (const headers of [
    { etag: `"${ETAG.slice(1, -1)}-2"` },
    { etag: ETAG.replace("8", "9"), "x-amz-server-side-encryption": "aws:kms" },
  ]) {
    const read = await readerOf((response) => response.writeHead(200, { ...headers, etag: headers.etag }).end(CONTENT));
    expect(String(await read("there"))).toBe(CONTENT);
  }
});
