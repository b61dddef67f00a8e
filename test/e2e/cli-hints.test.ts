import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDB } from "@aws-sdk/client-dynamodb";
import { SNS } from "@aws-sdk/client-sns";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { ProcessEnd } from "../fault-injection/kill/command.ts";
import { type CommandFixture, startFixture } from "../fault-injection/kill/fixture.ts";
import { removeFolder } from "../support/folders.ts";
import { offeredCommands } from "../support/offered-commands.ts";
import { printedCommands } from "../support/typed.ts";

/** Every command that a message prints is typed here as it was printed, and does what the message says. */
const LONG = 300_000;
let fixture: CommandFixture;
const proven = new Set<string>();
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.close());
afterEach(() => fixture.clearCalls());
const own = () => ({ region: "us-east-1", endpoint: fixture.url, credentials: { accessKeyId: "other", secretAccessKey: "other" } });
const writes = () =>
  fixture
    .calls()
    .filter((call) => call.write && call.effect)
    .map((call) => call.operation);

/** The printed command that has these words in this order. */
function printed({ stdout, stderr }: ProcessEnd, ...parts: readonly string[]): string[] {
  const text = `${stdout}\n${stderr}`;
  const found = printedCommands(text).find((words) => ` ${words.join(" ")} `.includes(` ${parts.join(" ")} `));
  if (!found) throw new Error(`no command with ${parts.join(" ")} in: ${text}`);
  return found;
}
/** Runs the printed command. `template`: the form of this command in the product's source. */
async function typed(template: string, words: readonly string[]): Promise<ProcessEnd> {
  proven.add(template);
  return fixture.run(words);
}

test("before the first run each message names the command that creates the resource", { timeout: LONG }, async () => {
  const none = await fixture.run(["outputs", "api_url"]);
  expect(await typed("fleetlogix status", printed(none, "status"))).toMatchObject({ code: 0, stdout: expect.stringContaining("absent") });
  const noTables = await fixture.run(["db", "url"]);
  expect(await typed("fleetlogix setup", printed(noTables, "setup"))).toMatchObject({ code: 0 });
  const noFunction = await fixture.run(["invoke", "verify-delivery", "--sample", "postDelivery"]);
  expect(await typed("fleetlogix deploy-lambdas", printed(noFunction, "deploy-lambdas"))).toMatchObject({ code: 0 });
  expect(await typed("fleetlogix up", printed(none, "up"))).toMatchObject({ code: 0 });
  expect(await fixture.run(["outputs", "api_url"])).toMatchObject({ code: 0, stdout: expect.stringContaining("/prod") });
});

test("the printed commands for secrets, keys, logs and calls run", { timeout: LONG }, async () => {
  const key = await fixture.run(["outputs", "api_key"]);
  expect(await typed("--show-secrets", printed(key, "outputs", "api_key", "--show-secrets"))).toMatchObject({ code: 0 });
  const noKey = await fixture.run(["keys", "revoke", "nobody"]);
  const create = printed(noKey, "keys", "create", "NAME");
  const made = await typed(
    "fleetlogix keys create NAME",
    create.map((word) => (word === "NAME" ? "partner" : word)),
  );
  expect(made).toMatchObject({ code: 0 });
  const show = printed(
    { ...made, stdout: `\`${/\S*(node|fleetlogix) \S+ outputs api_keys\S* .*/.exec(made.stdout)?.[0] ?? ""}\`` },
    "--show-secrets",
  );
  expect(await typed("fleetlogix outputs … --show-secrets", show)).toMatchObject({ code: 0 });
  const both = await fixture.run(["logs", "--follow", "--json"]);
  expect(printed(both, "logs", "--follow", "--format", "json")).not.toContain("--json");
  proven.add("fleetlogix logs --follow --format json");
  const wrong = await fixture.run(["api", "GET", "http://127.0.0.1/vehicle"]);
  expect(await typed("fleetlogix api GET /vehicle", printed(wrong, "api", "GET", "/vehicle"))).toMatchObject({ code: 0 });
  const version = await fixture.run(["deploy-lambdas", "--rollback", "1"]);
  // There is only one version: the printed command is valid, and its error says so.
  const back = await typed("fleetlogix deploy-lambdas … --rollback …", printed(version, "--rollback", "1"));
  expect(back).toMatchObject({ code: 1, stderr: expect.stringContaining("version 1") });
  expect(await typed("--verbose", ["outputs", "nothing", "--verbose"])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^\s+at /m),
  });
});

test("the printed commands write, validate and show the configuration", { timeout: LONG }, async () => {
  const missing = await fixture.run(["plan", "--config", "own.json"]);
  const init = await typed("fleetlogix config init", printed(missing, "config", "init"));
  expect(init).toMatchObject({ code: 0 });
  expect(await typed("fleetlogix config show", printed(init, "config", "show"))).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("FleetLogix"),
  });
  const folder = mkdtempSync(join(tmpdir(), "hints-"));
  const file = join(folder, "bad.json");
  writeFileSync(file, '{"bucket":{"glacierAfterDays":"x"}}');
  const bad = await fixture.run(["plan", "--config", file]);
  expect(bad.code).toBe(2);
  const validate = printed(bad, "config", "validate");
  expect(await typed("fleetlogix config validate", validate)).toMatchObject({ code: 2 });
  writeFileSync(file, "{}");
  expect(await fixture.run(validate)).toMatchObject({ code: 0 });
  removeFolder(folder);
});

test("for a stack in another region the hint's --region continues there and --env creates a second stack; the first is unchanged", {
  timeout: LONG,
}, async () => {
  const elsewhere = await fixture.run(["up", "--region", "eu-west-1"]);
  expect(elsewhere.code).toBe(4);
  expect(await typed("--region …", printed(elsewhere, "--region", "us-east-1"))).toMatchObject({ code: 0 });
  expect(await typed("--env …", printed(elsewhere, "--env", "eu-west-1"))).toMatchObject({ code: 0 });
  expect(await fixture.run(["plan", "--detailed-exitcode"])).toMatchObject({ code: 0 });
});

test("the hints remove the lock of a killed run and adopt a foreign topic", { timeout: LONG }, async () => {
  const sns = new SNS(own());
  const TopicArn = "arn:aws:sns:us-east-1:000000000000:fleetlogix-alerts";
  await sns.deleteTopic({ TopicArn });
  const lock = { user: "ada", host: "desk", pid: 1, command: "up", since: Date.now(), until: Date.now() + 500_000 };
  await fixture.holders.s3.putObject({ Bucket: fixture.holders.bucket, Key: ".fleetlogix/lock.json", Body: JSON.stringify(lock) });
  const locked = await fixture.run(["up"]);
  expect(locked.code).toBe(6);
  expect(await typed("--force-unlock", printed(locked, "up", "--force-unlock"))).toMatchObject({ code: 0 });
  await sns.deleteTopic({ TopicArn });
  await sns.createTopic({ Name: "fleetlogix-alerts" });
  const foreign = await fixture.run(["setup"]);
  expect(foreign.code).toBe(4);
  expect(await typed("--adopt", printed(foreign, "setup", "--adopt"))).toMatchObject({ code: 0 });
  expect(JSON.stringify(await sns.listTagsForResource({ ResourceArn: TopicArn }))).toContain("FleetLogix/dev");
});

test("for a table with another key the complete command that replaces it is printed", {
  timeout: LONG,
}, async () => {
  const dynamodb = new DynamoDB(own());
  const TableName = "FleetLogix_Routes_Waypoints";
  await dynamodb.deleteTable({ TableName });
  await dynamodb.createTable({
    TableName,
    KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
    BillingMode: "PAY_PER_REQUEST",
  });
  fixture.clearCalls();
  const refused = await fixture.run(["plan", "--adopt"]);
  expect(refused.code).toBe(4);
  const lose = printed(refused, "--allow-data-loss", "table.routes");
  expect(lose).toContain("--adopt");
  expect(await typed("--allow-data-loss …", lose)).toMatchObject({ code: 0 });
  expect((await dynamodb.describeTable({ TableName })).Table?.KeySchema).toEqual([{ AttributeName: "route_id", KeyType: "HASH" }]);
});

test("a failed audit prints the commands that show and correct the changes", { timeout: LONG }, async () => {
  await fixture.holders.s3.deletePublicAccessBlock({ Bucket: fixture.holders.bucket });
  const failed = await fixture.run(["audit"]);
  expect(failed.code).toBe(1);
  expect(await typed("fleetlogix plan", printed(failed, "plan"))).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("publicAccessBlock"),
  });
  expect(await fixture.run(printed(failed, "up"))).toMatchObject({ code: 0 });
  expect((await fixture.run(["audit"])).stderr).not.toContain("publicAccessBlock");
});

test("the help that a usage error names works, and doctor succeeds after the hints are followed", {
  timeout: LONG,
}, async () => {
  const misspelt = await fixture.run(["plan", "--jsonn-lines"]);
  expect(misspelt.code).toBe(2);
  expect(await typed("fleetlogix …", printed(misspelt, "plan", "--help"))).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("--detailed-exitcode"),
  });
  const lost = await fixture.run(["doctor"], { AWS_ENDPOINT_URL: "http://127.0.0.1:1" });
  expect(lost.code).toBe(1);
  expect(await typed("fleetlogix doctor", printed(lost, "doctor"))).toMatchObject({ code: 0 });
});

test("the hints of an unconfirmed teardown work: --dry-run writes nothing, --yes deletes", { timeout: LONG }, async () => {
  const asks = await fixture.run(["teardown"]);
  expect(asks).toMatchObject({ code: 4, stderr: expect.stringContaining("CONFIRMATION_MISSING") });
  expect(await typed("--dry-run", printed(asks, "teardown", "--dry-run"))).toMatchObject({ code: 0 });
  expect(writes()).toEqual([]);
  expect(await typed("--yes", printed(asks, "teardown", "--yes"))).toMatchObject({ code: 0 });
  expect(writes()).toContain("DeleteRestApi");
});

/** Commands that another test runs: the file of the test and a part of its title. */
const ELSEWHERE: Readonly<Record<string, readonly [file: string, name: string]>> = {
  "--skip-final-snapshot": ["test/e2e/cli-local.test.ts", "a teardown keeps resources with data; with --delete-data nothing remains"],
  "--replace": ["test/database/import.test.ts", "rows in the target are kept unless --replace is given"],
  "fleetlogix up --local": ["test/e2e/cli-local.test.ts", "an interrupted `up` exits with 130, and a rerun completes the stack"],
  "fleetlogix simulate --local": ["test/e2e/simulate.test.ts", "the command simulates, verifies and reports in one document"],
  "fleetlogix dashboard": ["test/e2e/dashboard.test.ts", "accepts only its token"],
  "fleetlogix db import --from postgres://OLD": ["test/database/import.test.ts", "a stopped run leaves the target unchanged"],
  "fleetlogix db psql": ["test/database/schema.test.ts", "psql connects with a verified certificate"],
  "fleetlogix local start": ["test/e2e/cli-local-control.test.ts", "a second start finds the first one"],
  "fleetlogix local stop": ["test/e2e/cli-local-control.test.ts", "reset deletes the data of the running local AWS, stop ends it"],
  "fleetlogix local status": ["test/e2e/cli-local-control.test.ts", "status shows address, memory and sizes"],
  "fleetlogix local reset": ["test/e2e/cli-local-control.test.ts", "reset deletes the data of the running local AWS, stop ends it"],
  "fleetlogix logs": ["test/e2e/cli-local.test.ts", "is in the functions' logs"],
  "fleetlogix logs …": ["test/e2e/cli-local.test.ts", "is in the functions' logs"],
  "fleetlogix logs --since 5m": ["test/e2e/cli-local.test.ts", "is in the functions' logs"],
  "fleetlogix api POST /delivery -d …": ["test/e2e/cli-local.test.ts", "the calls that `up` prints work unchanged"],
  "fleetlogix outputs api_key --show-secrets": ["test/e2e/cli-local.test.ts", "the calls that `up` prints work unchanged"],
  "fleetlogix invoke … --sample …": ["test/e2e/cli-local.test.ts", "invoke calculate-eta --sample postVehicle"],
  "fleetlogix teardown": ["test/e2e/cli-local.test.ts", "a teardown keeps resources with data"],
  "fleetlogix teardown …": ["test/e2e/cli-two-runs.test.ts", "the printed command continues"],
  "fleetlogix teardown --orphans --delete-data": ["test/integration/app/orphans.test.ts", "only a teardown of the orphans deletes data"],
};

test("every command in a message was run by a test", () => {
  // Texts of the local AWS's services are texts of AWS, and next-command and typed-commands only build commands.
  const offered = [
    ...offeredCommands("src", /^src\/(local\/(services|wire|core|models)|cli\/(next-command|typed-commands))/).keys(),
  ].filter((one) => !one.startsWith("aws "));
  const missing = offered.filter((one) => !proven.has(one) && ELSEWHERE[one] === undefined);
  expect(missing).toEqual([]);
  for (const [file, name] of Object.values(ELSEWHERE))
    expect([file, existsSync(file) && readFileSync(file, "utf8").includes(name)]).toEqual([file, true]);
  expect([...proven, ...Object.keys(ELSEWHERE)].filter((one) => !offered.includes(one))).toEqual([]);
});
