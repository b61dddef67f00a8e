import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { IAM } from "@aws-sdk/client-iam";
import { STS } from "@aws-sdk/client-sts";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Update } from "../../src/dashboard/model.ts";
import { removeFolder } from "../support/folders.ts";
import { type Deployed, deploy } from "./deployed.ts";

/** The real command over a stack whose API takes signed calls only (`api.auth` is `iam`): it signs with its caller's credentials. */
const LONG = 120_000;
const SETTINGS = { api: { auth: "iam" } };
let api: Deployed;
let folder: string;
const started: ChildProcess[] = [];

beforeAll(async () => {
  api = await deploy(SETTINGS);
  folder = mkdtempSync(join(tmpdir(), "dashboard-iam-"));
  writeFileSync(join(folder, "fleetlogix.config.json"), JSON.stringify(SETTINGS));
}, LONG);
afterAll(async () => {
  for (const child of started) child.kill("SIGKILL");
  await api?.close();
  if (folder) removeFolder(folder);
});

type Variables = Readonly<Record<string, string>>;
/** The command with these credentials and no others: the folder holds no AWS profile, and no instance is asked for its role. */
function dashboard(credentials: Variables): ChildProcess {
  const words = ["dashboard", "--no-open", "--json", "--endpoint-url", api.aws.url];
  const child = spawn(process.execPath, [resolve("bin/fleetlogix.js"), ...words], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, AWS_EC2_METADATA_DISABLED: "true", ...credentials },
    stdio: ["ignore", "pipe", "pipe"],
  });
  started.push(child);
  return child;
}
const firstLine = (stream: NodeJS.ReadableStream): Promise<string> =>
  new Promise((done) => {
    let output = "";
    stream.on("data", (chunk) => {
      output += chunk;
      if (output.includes("\n")) done(output);
    });
  });

/** Credentials of a new role that may do what `fleetlogix permissions dashboard` prints, without the actions that are named. */
async function assume(name: string, without: readonly string[] = []): Promise<Variables> {
  const { Statement: statements, ...policy } = api.app.permissions("dashboard");
  const Statement = statements.map((one) => ({ ...one, Action: one.Action.filter((action) => !without.includes(action)) }));
  const principal = { Effect: "Allow", Principal: { AWS: "arn:aws:iam::000000000000:root" }, Action: "sts:AssumeRole" };
  const iam = api.aws.client(IAM);
  const trust = JSON.stringify({ Version: "2012-10-17", Statement: [principal] });
  const { Role: role } = await iam.createRole({ RoleName: name, AssumeRolePolicyDocument: trust });
  const PolicyDocument = JSON.stringify({ ...policy, Statement: Statement.filter(({ Action }) => Action.length > 0) });
  await iam.putRolePolicy({ RoleName: name, PolicyName: "dashboard", PolicyDocument });
  const { Credentials: given } = await api.aws.client(STS).assumeRole({ RoleArn: role?.Arn ?? "", RoleSessionName: "dispatcher" });
  return {
    AWS_ACCESS_KEY_ID: given?.AccessKeyId ?? "",
    AWS_SECRET_ACCESS_KEY: given?.SecretAccessKey ?? "",
    AWS_SESSION_TOKEN: given?.SessionToken ?? "",
  };
}

/** Reads the page's data connection until an update matches. Returns all its text. */
async function heard(url: string, isEnough: (update: Update) => boolean): Promise<string> {
  const cookie = (await fetch(url)).headers.get("set-cookie")?.split(";")[0] ?? "";
  const { status, body } = await fetch(new URL("/events", url), { headers: { cookie } });
  expect(status).toBe(200);
  const decoder = new TextDecoder();
  let all = "";
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    all += decoder.decode(chunk, { stream: true });
    const events = all.split("\n\n").slice(0, -1);
    if (events.some((event) => isEnough(JSON.parse(event.slice(event.indexOf("data: ") + 6)) as Update))) break;
  }
  return all;
}

test("signs its calls with the caller's credentials and sends no credential to the page", { timeout: LONG }, async () => {
  const credentials = await assume("dispatcher");
  const unsigned = await api.call("GET", "/vehicle", undefined, { key: null });
  expect(unsigned.status).toBe(403);
  const child = dashboard(credentials);
  const { url } = JSON.parse(await firstLine(child.stdout as NodeJS.ReadableStream));
  const answered = new Set<string>();
  const printed = await heard(url, ({ feeds = [] }) => {
    for (const { name, answeredAt, failing } of feeds) if (answeredAt !== null && failing === null) answered.add(name);
    return ["vehicles", "alerts", "deliveries", "traffic"].every((name) => answered.has(name));
  });
  for (const value of Object.values(credentials)) expect(printed.includes(value)).toBe(false);
  child.kill("SIGKILL");
});

test("shows that the credentials have no permission to call the API", { timeout: LONG }, async () => {
  const child = dashboard(await assume("accountant", ["execute-api:Invoke"]));
  const { url } = JSON.parse(await firstLine(child.stdout as NodeJS.ReadableStream));
  await heard(url, ({ feeds = [] }) => feeds.some(({ name, failing }) => name === "vehicles" && failing?.reason === "signature"));
  child.kill("SIGKILL");
});

test("fails with one sentence and a hint when there are no credentials", { timeout: LONG }, async () => {
  const child = dashboard({});
  const [document, stderrText, code] = await Promise.all([
    text(child.stdout as NodeJS.ReadableStream),
    text(child.stderr as NodeJS.ReadableStream),
    new Promise((done) => child.on("close", done)),
  ]);
  expect(code).toBe(5);
  const { ok, error } = JSON.parse(document);
  expect({ ok, code: error.code }).toEqual({ ok: false, code: "CREDENTIALS" });
  expect(error.message).toBe("No AWS credentials were found (CredentialsProviderError).");
  expect(error.hint).toContain("Set AWS_PROFILE or --profile");
  expect(stderrText).not.toMatch(/\n\s+at /);
});
