import { execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdtempSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { APIGateway } from "@aws-sdk/client-api-gateway";
import { IAM } from "@aws-sdk/client-iam";
import { Lambda } from "@aws-sdk/client-lambda";
import { S3 } from "@aws-sdk/client-s3";
import { SNS } from "@aws-sdk/client-sns";
import { expect, test } from "vitest";
import { removeFolder } from "../support/folders.ts";
import { localAws } from "../support/local-aws.ts";

/** Web pages in a real browser. Skipped without one: `apt-get install chromium`, or set CHROMIUM. */
const chromium = [process.env.CHROMIUM, "chromium", "chromium-browser", "google-chrome"].find((name) => {
  try {
    return name && execFileSync(name, ["--version"], { stdio: ["ignore", "pipe", "ignore"] }).length > 0;
  } catch {
    return false;
  }
});
if (!chromium) process.stderr.write("skipped: no Chromium on this machine to open hostile pages with\n");

type Report = Record<string, string>;
/** Opens a page under this host name. Returns the report of its script. */
async function open(host: string, script: string): Promise<Report> {
  const page = `<!doctype html><body><script type="module">
    const report = {};
    const tries = async (name, work) => { try { report[name] = String(await work()); } catch (error) { report[name] = "failed: " + error.name; } };
    ${script}
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await fetch("/report", { method: "POST", body: JSON.stringify(report) });
  </script>`;
  let heard: (report: Report) => void = () => {};
  const reported = new Promise<Report>((resolve) => {
    heard = resolve;
  });
  const server = createServer(async (request: IncomingMessage, response) => {
    if (request.url === "/report") heard(JSON.parse(await text(request)) as Report);
    response.writeHead(200, { "content-type": "text/html" }).end(page);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const profile = mkdtempSync(join(tmpdir(), "hostile-page-"));
  const flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", `--user-data-dir=${profile}`];
  const rules = "--host-resolver-rules=MAP *.example 127.0.0.1";
  const address = `http://${host}:${(server.address() as AddressInfo).port}/`;
  const browser = spawn(chromium as string, [...flags, rules, address], { stdio: "ignore", detached: true });
  try {
    return await reported;
  } finally {
    process.kill(-(browser.pid as number), "SIGKILL");
    await new Promise((resolve) => browser.once("exit", resolve));
    server.close();
    server.closeAllConnections();
    removeFolder(profile);
  }
}

const signed = (service: string): string =>
  `X-Amz-Credential=K/20261125/us-east-1/${service}/aws4_request&X-Amz-Date=${new Date().toISOString().replace(/[-:]|\.\d+/g, "")}&X-Amz-Expires=604800`;

/** All requests that a page can send without a preflight, and those that it can send after one. */
const attack = (aws: string, rebound: string, api: string): string => `
  const AWS = ${JSON.stringify(aws)}, REBOUND = ${JSON.stringify(rebound)};
  const role = new URLSearchParams({ Action: "CreateRole", RoleName: "evil", AssumeRolePolicyDocument: '{"Version":"2012-10-17","Statement":[]}' });
  await tries("role", () => fetch(AWS + "/?${signed("iam")}", { method: "POST", mode: "no-cors", body: role }).then((r) => r.type));
  await tries("function", () => fetch(AWS + "/2015-03-31/functions?${signed("lambda")}", { method: "POST", mode: "no-cors", body: "{}" }).then((r) => r.type));
  await tries("delete", () => fetch(AWS + "/kept?delete&${signed("s3")}", { method: "POST", mode: "no-cors", body: "<Delete><Object><Key>k</Key></Object></Delete>" }).then((r) => r.type));
  await tries("asked first", () => fetch(AWS + "/kept/new", { method: "PUT", headers: { authorization: "AWS4-HMAC-SHA256 Credential=K/20261125/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0" } }).then((r) => r.status));
  await tries("mail", () => fetch(AWS + "/_local/mail").then((r) => r.text()));
  await tries("object", () => fetch(AWS + "/kept/k?${signed("s3")}").then((r) => r.text()));
  await tries("other name", () => fetch(REBOUND + "/_local/mail").then((r) => r.text()));
  await tries("api", () => fetch(AWS + ${JSON.stringify(api)}, { method: "POST", body: "{}" }).then((r) => r.text()));
  for (const [tag, path] of [["img", "/?Action=CreateTopic&Name=evil&${signed("sns")}"], ["iframe", "/?Action=CreateTopic&Name=evil&${signed("sns")}"], ["script", "/_local/mail"]]) {
    const element = document.createElement(tag);
    element.src = AWS + path;
    document.body.append(element);
  }
  const frame = document.createElement("iframe");
  frame.name = "target";
  document.body.append(frame);
  const form = document.createElement("form");
  Object.assign(form, { method: "POST", action: AWS + "/?${signed("iam")}", target: "target" });
  for (const [name, value] of role) form.append(Object.assign(document.createElement("input"), { name, value }));
  document.body.append(form);
  form.submit();`;

/** An open API whose preflight allows pages of one origin. A mock integration answers the calls. */
async function openApi(gateway: APIGateway, origin: string): Promise<string> {
  const header = "Access-Control-Allow-Origin";
  const method = {
    responses: { "200": { description: "", headers: { [header]: { schema: { type: "string" } } } } },
    "x-amazon-apigateway-integration": {
      type: "mock",
      requestTemplates: { "application/json": '{"statusCode": 200}' },
      responses: {
        default: {
          statusCode: "200",
          responseParameters: { [`method.response.header.${header}`]: `'${origin}'` },
          responseTemplates: { "application/json": '{"served": true}' },
        },
      },
    },
  };
  const document = {
    openapi: "3.0.1",
    info: { title: "a", version: "1" },
    paths: { "/x": { get: method, post: method, options: method } },
  };
  const { id } = await gateway.importRestApi({ body: new TextEncoder().encode(JSON.stringify(document)) });
  await gateway.createDeployment({ restApiId: id, stageName: "prod" });
  return `/restapis/${id}/prod/_user_request_/x`;
}

test.skipIf(!chromium)(
  "a page of another site changes nothing and reads nothing; a page that the API invites reads its answer",
  async () => {
    const complaints: string[] = [];
    const aws = await localAws({ log: (line) => complaints.push(line) });
    const s3 = aws.client(S3, { forcePathStyle: true });
    await s3.createBucket({ Bucket: "kept" });
    await s3.putObject({ Bucket: "kept", Key: "k", Body: "private" });
    const api = await openApi(aws.client(APIGateway), "*");
    const closed = await openApi(aws.client(APIGateway), "http://app.example");

    const report = await open("evil.example", attack(aws.url, `http://evil.example:${aws.port}`, closed));
    for (const [name, said] of Object.entries(report))
      expect([name, said], "what a page was told").toEqual([name, expect.stringMatching(/^(opaque|failed: TypeError)$/)]);
    expect((await aws.client(IAM).listRoles({})).Roles).toEqual([]);
    expect((await aws.client(Lambda).listFunctions({})).Functions).toEqual([]);
    expect((await aws.client(SNS).listTopics({})).Topics).toEqual([]);
    expect((await s3.listObjectsV2({ Bucket: "kept" })).Contents?.map(({ Key }) => Key)).toEqual(["k"]);

    const invited = `await tries("api", () => fetch("${aws.url}${api}").then((r) => r.text()));
    await tries("bucket", () => fetch("${aws.url}/kept/k?${signed("s3")}").then((r) => r.text()));`;
    const rule = { AllowedOrigins: ["http://app.example:*"], AllowedMethods: ["GET"] };
    await s3.putBucketCors({ Bucket: "kept", CORSConfiguration: { CORSRules: [rule] } });
    expect(await open("app.example", invited)).toEqual({ api: '{"served": true}', bucket: "private" });
    expect(complaints).toEqual([]);
    await aws.close();
  },
);

test.skipIf(!chromium)("a presigned link opens in the address bar", async () => {
  const aws = await localAws();
  const s3 = aws.client(S3, { forcePathStyle: true });
  await s3.createBucket({ Bucket: "kept" });
  await s3.putObject({ Bucket: "kept", Key: "k", Body: "shown in the browser", ContentType: "text/plain" });
  const profile = mkdtempSync(join(tmpdir(), "address-bar-"));
  chmodSync(profile, 0o700);
  const flags = ["--headless=new", "--no-sandbox", "--disable-gpu", `--user-data-dir=${profile}`, "--dump-dom"];
  const child = spawn(chromium as string, [...flags, `${aws.url}/kept/k?${signed("s3")}`], { stdio: ["ignore", "pipe", "ignore"] });
  expect(await text(child.stdout)).toContain("shown in the browser");
  removeFolder(profile);
  await aws.close();
});
