import { Agent, get } from "node:http";
import { connect } from "node:net";
import { DynamoDB } from "@aws-sdk/client-dynamodb";
import { S3 } from "@aws-sdk/client-s3";
import { STS } from "@aws-sdk/client-sts";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LocalService } from "../../src/local/core/service.ts";
import { localAws } from "../support/local-aws.ts";
import { serverOf } from "../support/server-of.ts";

let aws: Awaited<ReturnType<typeof localAws>>;
const complaints: string[] = [];
beforeAll(async () => {
  aws = await localAws({ log: (line) => complaints.push(line) });
});
afterAll(() => aws.close());

/** Sends bytes unchanged. Returns everything that the server sends until it closes the connection. */
function bytes(text: string, port = aws.port): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let answer = "";
    socket.setEncoding("latin1").on("data", (chunk) => {
      answer += chunk;
    });
    socket.on("close", () => resolve(answer)).on("error", reject);
    socket.write(text);
  });
}
const status = (answer: string) => Number(/^HTTP\/1.1 (\d+)/.exec(answer)?.[1]);
const signed = (service: string) =>
  `authorization: AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0\r\n`;

test("the health address describes the running server", async () => {
  const answer = await fetch(`${aws.url}/_local/health`);
  expect(await answer.json()).toMatchObject({
    status: "running",
    account: "000000000000",
    endpoint: aws.url,
    uptimeSeconds: expect.any(Number),
    services: { s3: { buckets: 0, objects: 0, bytes: 0 }, dynamodb: {}, lambda: {} },
  });
  expect((await fetch(`${aws.url}/_local/nothing`)).status).toBe(404);
});

test("only the server's own host names are accepted", async () => {
  const hosted = (host: string) => bytes(`GET /_local/health HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`).then(status);
  for (const host of ["127.0.0.1", "localhost", "[::1]"]) expect(await hosted(`${host}:${aws.port}`)).toBe(200);
  for (const host of ["evil.example", `evil.example:${aws.port}`, "localhost", "127.0.0.1:1", "169.254.169.254"])
    expect(await hosted(host)).toBe(403);
  const own = await fetch(`${aws.url}/_local/health`, { headers: { origin: "https://evil.example" } });
  expect(own.status).toBe(403);
});

test("malformed requests are refused, and the server continues", async () => {
  const host = `host: 127.0.0.1:${aws.port}\r\nconnection: close\r\n`;
  for (const [text, expected] of [
    ["NONSENSE\r\n\r\n", 400],
    [`GET http://evil.example/ HTTP/1.1\r\n${host}\r\n`, 400],
    [`GET /a%zz/b HTTP/1.1\r\n${host}${signed("s3")}\r\n`, 400],
    [`GET //[ HTTP/1.1\r\n${host}${signed("s3")}\r\n`, 405],
    [`GET /b?max-keys=many&list-type=2 HTTP/1.1\r\n${host}${signed("s3")}\r\n`, 400],
    [`POST / HTTP/1.1\r\n${host}${signed("dynamodb")}x-amz-target: DynamoDB_20120810.ListTables\r\ncontent-length: 5\r\n\r\n{"a":`, 400],
    [`POST / HTTP/1.1\r\n${host}${signed("dynamodb")}x-amz-target: DynamoDB_20120810.Nothing\r\ncontent-length: 0\r\n\r\n`, 400],
    [`POST / HTTP/1.1\r\n${host}${signed("sns")}content-length: 14\r\n\r\nAction=Nothing`, 400],
    [`POST / HTTP/1.1\r\n${host}${signed("nothing")}content-length: 0\r\n\r\n`, 501],
    [`GET /nowhere HTTP/1.1\r\n${host}\r\n`, 403],
    [`POST / HTTP/1.1\r\n${host}${signed("sns")}content-length: 99999999999\r\n\r\nx`, 413],
    [`GET / HTTP/1.1\r\n${host}x: ${"y".repeat(100_000)}\r\n\r\n`, 431],
  ] as const)
    expect([text.slice(0, 60), status(await bytes(text))]).toEqual([text.slice(0, 60), expected]);
  expect(complaints).toEqual([]);
  expect((await fetch(`${aws.url}/_local/health`)).status).toBe(200);
});

test("a too large request is refused before its end is read", async () => {
  const table = aws.client(DynamoDB).putItem({ TableName: "t", Item: { k: { B: new Uint8Array(70 * 1024 * 1024) } } });
  await expect(table).rejects.toMatchObject({ $metadata: { httpStatusCode: 413 } });
});

test("every answer names its operation, also an error; an answer to HEAD has no body", async () => {
  const s3 = aws.client(S3);
  await s3.createBucket({ Bucket: "named" });
  const head = await bytes(`HEAD /named/nothing HTTP/1.1\r\nhost: 127.0.0.1:${aws.port}\r\nconnection: close\r\n${signed("s3")}\r\n`);
  expect(status(head)).toBe(404);
  expect(head).toContain("x-local-aws-operation: s3:HeadObject");
  expect(head.split("\r\n\r\n")[1]).toBe("");
  await expect(s3.renameObject({ Bucket: "named", Key: "a", RenameSource: "b" })).rejects.toMatchObject({
    name: "NotImplemented",
    message: "The local AWS does not implement s3:RenameObject.",
    $metadata: { httpStatusCode: 501 },
  });
});

test("a call that arrives while the services start waits for them", async () => {
  let started = false;
  let early: Promise<{ Account?: string | undefined }> | undefined;
  const sts = (endpoint: string) => new STS({ region: "us-east-1", endpoint, credentials: { accessKeyId: "a", secretAccessKey: "b" } });
  const service: LocalService = {
    name: "sts",
    sdk: () => import("@aws-sdk/client-sts"),
    operations: { GetCallerIdentity: () => ({ Account: started ? "started" : "too early" }) },
    // Long enough for the call to arrive.
    start: () =>
      new Promise((resolve) => {
        const finish = () => {
          started = true;
          resolve();
        };
        setTimeout(finish, 300);
      }),
  };
  const server = await serverOf([service], (url) => {
    early = sts(url).getCallerIdentity({});
  });
  expect(await early).toMatchObject({ Account: "started" });
  await server.close();
});

test("connections are kept alive, also after errors", async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ports = new Set<number | undefined>();
  for (const path of ["/_local/health", "/nowhere-at-all", "/_local/health"])
    await new Promise<void>((resolve, reject) => {
      const sent = get(aws.url + path, { agent }, (response) => response.resume().on("end", resolve));
      sent.on("error", reject).on("socket", (socket) => socket.once("connect", () => ports.add(socket.localPort)));
    });
  agent.destroy();
  expect(ports.size).toBeLessThanOrEqual(2);
});
