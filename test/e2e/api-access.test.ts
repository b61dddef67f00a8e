import { type ExecFileException, execFile } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { IAM } from "@aws-sdk/client-iam";
import { STS } from "@aws-sdk/client-sts";
import { Sha256 } from "@smithy/core/checksum";
import { SignatureV4 } from "@smithy/signature-v4";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROUTES } from "../../handlers/contract/routes.ts";
import { removeFolder } from "../support/folders.ts";
import { type Deployed, deploy, type Reply } from "./deployed.ts";

/** Access to the API: `auth: iam` and `none`, and CORS with two allowed origins, then with one. */
const PAGES = ["https://fleet.example.com", "https://drivers.example.com"] as const;
const FOREIGN = "https://elsewhere.example.com";
const SIGNED = { api: { auth: "iam", corsOrigins: PAGES } };
let api: Deployed;
beforeAll(async () => {
  api = await deploy(SIGNED);
});
afterAll(() => api?.close());

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}
/** The headers of a call that is signed with these credentials, by the SDK's own signer. */
async function signed(method: string, path: string, credentials: Credentials, body?: string): Promise<Record<string, string>> {
  const { pathname, hostname, host, searchParams } = new URL(`${api.url}${path}`);
  const signer = new SignatureV4({ service: "execute-api", region: "us-east-1", credentials, sha256: Sha256 });
  const query = Object.fromEntries(searchParams);
  const headers = { host, "content-type": "application/json" };
  const request = await signer.sign({ method, protocol: "http:", hostname, path: pathname, query, headers, body });
  const { host: _, ...rest } = request.headers;
  return rest;
}

/** A role of the account, as a partner's back end would take it; allowed to call the API or not. */
async function assume(name: string, allowed: boolean): Promise<Credentials> {
  const iam = api.aws.client(IAM);
  const policy = (...Statement: object[]) => JSON.stringify({ Version: "2012-10-17", Statement });
  const account = { AWS: "arn:aws:iam::000000000000:root" };
  const trust = policy({ Effect: "Allow", Principal: account, Action: "sts:AssumeRole" });
  const { Role: role } = await iam.createRole({ RoleName: name, AssumeRolePolicyDocument: trust });
  const Resource = `arn:aws:execute-api:us-east-1:000000000000:${api.outputs.api_id}/*`;
  const call = policy({ Effect: "Allow", Action: "execute-api:Invoke", Resource });
  if (allowed) await iam.putRolePolicy({ RoleName: name, PolicyName: "api", PolicyDocument: call });
  const { Credentials: given } = await api.aws.client(STS).assumeRole({ RoleArn: role?.Arn ?? "", RoleSessionName: "test" });
  return { accessKeyId: given?.AccessKeyId ?? "", secretAccessKey: given?.SecretAccessKey ?? "", sessionToken: given?.SessionToken ?? "" };
}

const UPDATE = { delivery_id: "D:1", status: "delivered", event_id: "signed-1" };
const forbidden = { status: 403, body: { error: { code: "FORBIDDEN", message: expect.any(String), request_id: expect.any(String) } } };

test("auth iam accepts a signed call with permission; a missing or wrong signature, a missing permission and a changed call get 403", async () => {
  const [driver, stranger] = await Promise.all([assume("driver", true), assume("stranger", false)]);
  const text = JSON.stringify(UPDATE);
  const post = async (headers: Record<string, string>, sent = text) =>
    api.call("POST", "/delivery", undefined, { key: null, text: sent, headers });

  const before = api.faults.calls().length;
  expect(await post({})).toMatchObject(forbidden);
  expect(await post(await signed("POST", "/delivery", { ...driver, secretAccessKey: "wrong" }, text))).toMatchObject(forbidden);
  expect(await post(await signed("POST", "/delivery", stranger, text))).toMatchObject(forbidden);
  const other = JSON.stringify({ ...UPDATE, status: "failed" });
  expect(await post(await signed("POST", "/delivery", driver, text), other)).toMatchObject(forbidden);
  expect(await api.call("POST", "/delivery", UPDATE, { key: "an-api-key" })).toMatchObject(forbidden);
  expect(api.faults.calls().slice(before)).toEqual([]);

  expect(await post(await signed("POST", "/delivery", driver, text))).toMatchObject({ status: 200, body: { applied: true } });
  for (const path of ["/delivery/D:1", "/delivery/D%3A1", "/vehicle/V/alerts?limit=5"]) {
    const reply = await api.call("GET", path, undefined, { key: null, headers: await signed("GET", path, driver) });
    expect([path, reply.status]).toEqual([path, 200]);
  }
  // An allowed page can read answers and refusals. A function sends CORS headers to allowed pages only.
  const read = async (origin: string, path: string) =>
    api.call("GET", path, undefined, { key: null, headers: { origin, ...(await signed("GET", path, driver)) } });
  for (const [page, path, status] of [
    [PAGES[0], "/delivery/D:1", 200],
    [PAGES[1], "/delivery/nobody", 404],
    [PAGES[1], "/delivery/a%20b", 400],
  ] as const) {
    const reply = await read(page, path);
    expect([path, reply.status, ...cors(reply)]).toEqual([path, status, page, "Retry-After,X-Correlation-Id", "Origin"]);
  }
  expect(cors(await read(FOREIGN, "/delivery/D:1"))[0]).toBeNull();
  // A page can also read the gateway's own refusals.
  const unsigned = await api.call("GET", "/delivery/D:1", undefined, { key: null, headers: { origin: PAGES[1] } });
  expect([unsigned.status, ...cors(unsigned)]).toEqual([403, PAGES[1], "Retry-After,X-Correlation-Id", "Origin"]);
});

const cors = ({ headers }: Reply) =>
  ["access-control-allow-origin", "access-control-expose-headers", "vary"].map((name) => headers.get(name));

test("auth iam: simulate signs its calls and finds the state that it sent", async () => {
  const folder = mkdtempSync(join(tmpdir(), "signed-"));
  try {
    writeFileSync(join(folder, "fleetlogix.config.json"), JSON.stringify(SIGNED));
    const words = "simulate --vehicles 2 --minutes 0.1 --interval 0.1 --seed 3 --json".split(" ");
    // The variable stands for `--local`, which cannot be used together with an address.
    const env = { PATH: process.env.PATH, FLEETLOGIX_LOCAL: "1", AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" };
    const output = await new Promise<string>((done) => {
      const args = [resolve("bin/fleetlogix.js"), ...words, "--endpoint-url", api.aws.url];
      execFile(process.execPath, args, { cwd: folder, env }, (_: ExecFileException | null, stdout) => done(stdout));
    });
    expect(JSON.parse(output)).toMatchObject({ ok: true, vehicles: 2, errors: 0, differences: [], refusals: {}, error: null });
  } finally {
    removeFolder(folder);
  }
}, 120_000);

const PATHS = [...new Set(ROUTES.map(({ path }) => path))].map((path) => path.replace(/\{\w+\}/, "X"));
const methodsOf = (path: string): string[] =>
  ROUTES.filter((route) => route.path.replace(/\{\w+\}/, "X") === path).map(({ method }) => method);
const preflight = (path: string, origin: string) =>
  api.call("OPTIONS", path, undefined, {
    key: null,
    headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type,x-api-key" },
  });

test.each(PATHS)("a preflight call of %s needs no key and no signature, and only an allowed page gets an answer", async (path) => {
  for (const page of PAGES) {
    const { status, headers } = await preflight(path, page);
    expect([status, headers.get("access-control-allow-origin"), headers.get("vary")]).toEqual([204, page, "Origin"]);
    expect(headers.get("access-control-allow-methods")?.split(",").sort()).toEqual([...methodsOf(path), "OPTIONS"].sort());
    const allowed = headers.get("access-control-allow-headers")?.toLowerCase().split(",");
    for (const name of ["content-type", "x-api-key", "authorization", "x-amz-date", "x-correlation-id"]) expect(allowed).toContain(name);
  }
  const foreign = await preflight(path, FOREIGN);
  expect(foreign.headers.get("access-control-allow-origin")).toBeNull();
});

test("auth none requires no key and no signature; every answer names the single allowed page", async () => {
  await api.change({ api: { auth: "none", corsOrigins: [PAGES[0]] } });
  const from = (origin: string, method: string, path: string, body?: object) =>
    api.call(method, path, body, { key: null, headers: { origin } });
  const cases = [
    ["POST", "/delivery", { ...UPDATE, delivery_id: "D2", event_id: "open-1" }, 200],
    ["POST", "/delivery", { delivery_id: "D2" }, 400],
    ["GET", "/delivery/D2", undefined, 200],
    ["GET", "/no/such/path", undefined, 404],
  ] as const;
  for (const [method, path, body, status] of cases) {
    const reply = await from(PAGES[0], method, path, body);
    expect([path, reply.status, ...cors(reply)]).toEqual([path, status, PAGES[0], "Retry-After,X-Correlation-Id", "Origin"]);
  }
  expect(cors(await from(FOREIGN, "GET", "/delivery/D2"))[0]).toBeNull();
  expect(cors(await preflight("/delivery", FOREIGN))[0]).toBe(PAGES[0]);
  // A call without an Origin header is answered without CORS headers.
  const plain = await api.call("GET", "/delivery/D2", undefined, { key: null });
  expect([plain.status, plain.headers.get("access-control-allow-origin")]).toEqual([200, null]);
});
