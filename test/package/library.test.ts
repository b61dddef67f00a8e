import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { removeFolder } from "../support/folders.ts";
import { installedPackage } from "./installed.ts";

/** A user's program with both exports. It prints its results. */
const USER = `
import { ConfigError, checkConfig, type EngineEvent, FleetlogixError, openStack, type Plan, readConfig } from "fleetlogix";
import { type FaultPlan, LocalAwsError, startLocalAws, virtualClock } from "fleetlogix/local";

const seen: Record<string, unknown> = {};
try {
  checkConfig({ file: "wrong.json" });
} catch (error) {
  if (error instanceof ConfigError && error instanceof FleetlogixError) seen.problem = error.problems[0]?.path;
}
const { config, notes } = readConfig({ environment: "staging", region: "eu-west-1" });
seen.table = config.tables.deliveries;
seen.notes = notes.length;

const plan: FaultPlan = { rules: [{ service: "dynamodb", operation: "CreateTable", fault: { kind: "lose" } }] };
const local = await startLocalAws({ folder: "data", faults: plan, clock: virtualClock(Date.now()) });
seen.inUse = await startLocalAws({ folder: "data" }).catch((error: unknown) => error instanceof LocalAwsError && error.code);
seen.wrongFault = await local.faults.add([{ fault: { kind: "slow", ms: -1 } }]).catch((error: unknown) => (error as LocalAwsError).code);

const stack = await openStack(config, { local });
seen.stack = [stack.name, stack.account, stack.region];
const count = (planned: Plan, action: string): number => planned.resources.filter(({ decision }) => decision.action === action).length;
seen.creates = count(await stack.plan({ part: "data" }), "create") > 5;
const events: EngineEvent["type"][] = [];
const run = await stack.setup({ onEvent: ({ type }) => events.push(type) });
seen.setup = [run.ok, run.error, events[0], events.at(-1)];
seen.lost = local.faults.calls().some(({ fault, effect }) => fault === "lose" && effect);
seen.again = count(await stack.plan({ part: "data" }), "create");
const up = await stack.up();
seen.up = up.ok;
const { bucket, api_key } = await stack.outputs({ secrets: true });
seen.bucket = bucket;
seen.key = [String(api_key), (api_key?.reveal().length ?? 0) > 10];
seen.ready = (await stack.status()).every(({ healthy }) => healthy);
seen.down = (await stack.teardown({ deleteData: true, skipFinalSnapshot: true })).ok;
seen.left = (await stack.status()).filter(({ state }) => state !== "absent").map(({ id }) => id);

await local.reset();
seen.forgotten = local.faults.calls().length;
seen.environment = local.environment.AWS_ENDPOINT_URL === local.endpoint;
await local.stop();
seen.stopped = await fetch(local.endpoint).then(() => false, () => true);
console.log(JSON.stringify(seen));
`;

let folder: string;
beforeAll(() => {
  folder = installedPackage();
  writeFileSync(join(folder, "user.ts"), USER);
  writeFileSync(join(folder, "wrong.json"), '{ "functions": { "memoryMb": 1 } }');
}, 300_000);
afterAll(() => removeFolder(folder));

test.each([
  ["nodenext", "nodenext"],
  ["node16", "node16"],
  ["esnext", "bundler"],
])("its declarations are complete for --module %s --moduleResolution %s, without types of Node.js", (module, moduleResolution) => {
  const compilerOptions = { module, moduleResolution, strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false };
  const written = { ...compilerOptions, target: "es2022", lib: ["es2023", "dom"], types: [], outDir: "." };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: written, files: ["user.ts"] }));
  expect(run([resolve("node_modules/typescript/lib/tsc.js"), "-p", "."])).toBe("");
});

test("a program that uses both exports does what the declarations say", () => {
  expect(JSON.parse(run(["user.js"]))).toEqual({
    problem: "/functions/memoryMb",
    table: "FleetLogix_Deliveries_Status_staging",
    notes: 0,
    inUse: "FOLDER_IN_USE",
    wrongFault: "FAULTS_INVALID",
    stack: ["FleetLogix/staging", "000000000000", "eu-west-1"],
    creates: true,
    setup: [true, null, "run.started", "run.finished"],
    lost: true,
    again: 0,
    up: true,
    bucket: "fleetlogix-data-000000000000-eu-west-1-staging",
    key: ["[secret]", true],
    ready: true,
    down: true,
    // The API's logging role belongs to the account and is never removed.
    left: ["api.account"],
    forgotten: 0,
    environment: true,
    stopped: true,
  });
});

test("the README's program makes a stack and reads its address", () => {
  const [, program = ""] = /^```ts\n(.*?)^```$/ms.exec(readFileSync("README.md", "utf8")) ?? [];
  writeFileSync(join(folder, "readme.js"), `${program}\nconsole.log(ok, new URL(String(api_url)).hostname);\n`);
  expect(run(["readme.js"]).trim()).toBe("true 127.0.0.1");
});

test("require takes both exports, too", () => {
  const program = "console.log(typeof require('fleetlogix').openStack, typeof require('fleetlogix/local').startLocalAws)";
  expect(run(["--input-type=commonjs", "-e", program]).trim()).toBe("function function");
});

function run(args: readonly string[]): string {
  try {
    return execFileSync(process.execPath, args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string };
    return `${stdout}${stderr}`;
  }
}
