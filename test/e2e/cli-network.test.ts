import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type FaultRule, faultPlan } from "../../src/local/core/faults.ts";
import { removeFolder } from "../support/folders.ts";
import { localAws } from "../support/local-aws.ts";

/** The real command behind proxies, with certificates, HTML answers and unknown host names. The tests need no network. */
const BIN = resolve("bin/fleetlogix.js");
const KEYS = { AWS_ACCESS_KEY_ID: "AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY: "secret" };
let cwd: string;
const servers: Server[] = [];
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "network-"));
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  removeFolder(cwd);
});
interface Ended {
  readonly code: number | null;
  readonly output: string;
}
function run(args: string, env: Record<string, string>): Promise<Ended> {
  const environment = { PATH: process.env.PATH, HOME: cwd, AWS_EC2_METADATA_DISABLED: "true", ...env };
  const child = spawn(process.execPath, [BIN, ...args.split(" ")], { cwd, env: environment, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      output += chunk;
    });
  return new Promise((done) => child.on("close", (code) => done({ code, output })));
}
async function listening(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return (server.address() as AddressInfo).port;
}
/** A proxy that records each CONNECT request and answers it with `status`. */
async function proxy(status: number): Promise<{ readonly address: string; readonly connects: string[] }> {
  const connects: string[] = [];
  const server = createServer();
  server.on("connect", (request, socket) => {
    connects.push(request.url ?? "");
    socket.end(`HTTP/1.1 ${status} No\r\nProxy-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n`);
  });
  return { address: `127.0.0.1:${await listening(server)}`, connects };
}
const hanging = (service: string): FaultRule => ({ service, times: null, fault: { kind: "hang" } });
const answering = (answer: RequestListener) => listening(createServer(answer));

test.each(["HTTPS_PROXY", "https_proxy"])(
  "calls go through the proxy of %s; one that asks for a password is named, without ours",
  async (name) => {
    const { address, connects } = await proxy(407);
    const { code, output } = await run("plan --region us-east-1", { ...KEYS, [name]: `http://ada:hush@${address}` });
    expect(connects[0]).toBe("sts.us-east-1.amazonaws.com:443");
    expect(output).toContain(`The proxy http://${address} asks for a name and a password (407)`);
    expect(output).not.toContain("hush");
    expect(code).toBe(1);
  },
);
test("a host that NO_PROXY names is reached directly, and loopback always", async () => {
  const { address, connects } = await proxy(407);
  const env = { ...KEYS, HTTPS_PROXY: `http://${address}`, HTTP_PROXY: `http://${address}` };
  await run("plan --region us-east-1", { ...env, NO_PROXY: ".amazonaws.com" });
  const port = await answering((_request, response) => void response.writeHead(400).end());
  await run(`plan --endpoint-url http://127.0.0.1:${port}`, env);
  expect(connects).toEqual([]);
});

test.each([403, 200, 404])("an HTML page with status %i is not taken as an answer of AWS", async (status) => {
  const port = await answering(
    (_request, response) => void response.writeHead(status, { "content-type": "text/html" }).end("<h1>Blocked</h1>"),
  );
  const { code, output } = await run(`plan --endpoint-url http://127.0.0.1:${port}`, KEYS);
  expect(output).toMatch(/ENDPOINT_UNREACHABLE {2}The answer .*does not come from AWS/);
  expect(output).not.toContain("permission");
  expect(code).toBe(1);
});

test("an untrusted certificate is named; AWS_CA_BUNDLE or ca_bundle makes it trusted", async () => {
  const [key, cert] = [join(cwd, "key.pem"), join(cwd, "cert.pem")];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
  execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out", cert, ...subject], {
    stdio: "ignore",
  });
  const page: RequestListener = (_request, response) => void response.writeHead(403, { "content-type": "text/html" }).end("no");
  const port = await listening(createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, page) as unknown as Server);
  const args = `plan --endpoint-url https://127.0.0.1:${port}`;
  const untrusted = await run(args, KEYS);
  expect(untrusted.output).toContain("CERTIFICATE  The certificate of");
  expect(untrusted.output).toContain("AWS_CA_BUNDLE");
  expect((await run(args, { ...KEYS, AWS_CA_BUNDLE: cert })).output).toContain("does not come from AWS");
  expect((await run(args, { ...KEYS, AWS_CA_BUNDLE: join(cwd, "gone.pem") })).output).toContain("which cannot be read");
  const file = join(cwd, "aws-config");
  writeFileSync(
    file,
    `[default]\nregion = us-east-1\n[profile office]\nca_bundle = ${cert}\naws_access_key_id = a\naws_secret_access_key = b\n`,
  );
  expect((await run(args, { ...KEYS, AWS_CONFIG_FILE: file })).output).toContain("CERTIFICATE");
  for (const [more, profile] of [
    [" --profile office", {}],
    ["", { AWS_PROFILE: "office" }],
  ] as const)
    expect((await run(args + more, { AWS_CONFIG_FILE: file, ...profile })).output).toContain("does not come from AWS");
});

test("an unknown region is named after two tries, with its host and the nearest region", async () => {
  const { code, output } = await run("plan --region us-esat-1", KEYS);
  expect(output).toContain("us-esat-1");
  expect(output).toContain("Did you mean us-east-1");
  expect(output).toContain("sts.us-esat-1.amazonaws.com");
  expect(code).toBe(1);
});
test("an unknown profile is named with the most similar one", async () => {
  mkdirSync(join(cwd, ".aws"));
  writeFileSync(join(cwd, ".aws", "config"), "[profile fleet-prod]\nregion = eu-west-1\n");
  for (const [args, env] of [
    ["plan --profile fleet-prd", {}],
    ["plan", { AWS_PROFILE: "fleet-prd" }],
  ] as const) {
    const { code, output } = await run(args, env);
    expect(output).toContain('CREDENTIALS  There is no profile "fleet-prd"');
    expect(output).toContain("Did you mean fleet-prod?");
    expect(code).toBe(5);
  }
});

test("doctor calls an endpoint that never answers at most twice: a call waits for five seconds, a check for ten", {
  timeout: 90_000,
}, async () => {
  let asked = 0;
  const port = await answering(() => {
    asked++;
  });
  const { code, output } = await run(`doctor --endpoint-url http://127.0.0.1:${port}`, KEYS);
  expect(output).toMatch(/✖ +connection/);
  expect(asked).toBeGreaterThan(0);
  expect(asked).toBeLessThanOrEqual(2);
  expect(code).toBe(1);
});
test("doctor gives each check ten seconds when only the first call is answered, and reports each result", {
  timeout: 90_000,
}, async () => {
  const faults = faultPlan(
    ["s3", "dynamodb", "sns", "rds", "ec2", "iam", "logs", "lambda", "apigateway"].map((service) => hanging(service)),
  );
  const aws = await localAws({ faults });
  const { code, output } = await run(`doctor --endpoint-url ${aws.url}`, KEYS);
  const times = new Map<string, number>();
  for (const { service, operation, input } of faults.calls()) {
    const call = `${service}:${operation} ${JSON.stringify(input)}`;
    times.set(call, (times.get(call) ?? 0) + 1);
  }
  await aws.close();
  for (const check of ["node", "credentials", "region", "permissions"]) expect(output).toMatch(new RegExp(`[✔✖] +${check}`));
  expect(output).toMatch(/PREFLIGHT|ENDPOINT_UNREACHABLE/);
  // Several checks may make the same call. No check makes it three times.
  expect(Math.max(...times.values())).toBeLessThanOrEqual(6);
  expect(code).toBe(1);
});
