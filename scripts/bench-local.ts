import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { RDS } from "@aws-sdk/client-rds";
import { benchDynamodb } from "./bench-dynamodb.ts";

/**
 * npm run bench:local -- [--runs N]: how long `fleetlogix local start` takes when there is a database, from the command's
 * start to its end, and what the whole process tree holds in memory while it is idle. An empty Node process, started in
 * between, says how busy the machine was. Then how many requests the local DynamoDB answers beside a bare HTTP server. Needs `npm run build`.
 */
const { values } = parseArgs({ options: { runs: { type: "string", default: "5" } } });
const PORT = "14599";
const IDLE_MS = 5_000;

const cwd = mkdtempSync(join(tmpdir(), "bench-local-"));
const { NODE_EXTRA_CA_CERTS: _, ...inherited } = process.env;
const local = (...args: string[]): string =>
  execFileSync(process.execPath, [resolve("bin/fleetlogix.js"), "local", ...args], {
    cwd,
    env: { ...inherited, FLEETLOGIX_LOCAL_PORT: PORT },
    encoding: "utf8",
  });

async function makeDatabase(): Promise<void> {
  const credentials = { accessKeyId: "a", secretAccessKey: "b" };
  const rds = new RDS({ region: "us-east-1", endpoint: `http://127.0.0.1:${PORT}`, credentials });
  const asked = { DBInstanceClass: "db.t4g.micro", Engine: "postgres", AllocatedStorage: 20 };
  await rds.createDBInstance({ ...asked, DBInstanceIdentifier: "db", MasterUsername: "boss", MasterUserPassword: "correct-horse" });
  const status = async () => (await rds.describeDBInstances({})).DBInstances?.[0]?.DBInstanceStatus;
  while ((await status()) !== "available") await sleep(100);
}

function timed(work: () => void): number {
  const began = performance.now();
  work();
  return Math.round(performance.now() - began);
}
function summary(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  return `${times.join(", ")} ms; best ${sorted[0]}, median ${sorted[times.length >> 1]}`;
}

try {
  local("start");
  await makeDatabase();
  const times: { readonly start: number[]; readonly empty: number[] } = { start: [], empty: [] };
  for (let run = 0; run < Number(values.runs); run++) {
    local("stop");
    times.start.push(timed(() => local("start")));
    times.empty.push(timed(() => execFileSync(process.execPath, ["-e", "0"])));
  }
  await sleep(IDLE_MS);
  const { memory_bytes, processes } = JSON.parse(local("status", "--json"));
  console.log(`second start with a database: ${summary(times.start)}`);
  console.log(`an empty Node process: ${summary(times.empty)}`);
  console.log(`idle: ${(memory_bytes / 1e6).toFixed(0)} MB in ${processes} processes`);
  for (const { operation, perSecond, ofBare } of await benchDynamodb(Number(PORT)))
    console.log(`dynamodb ${operation}: ${perSecond} a second, ${ofBare} of a bare HTTP server over a Map`);
  const load = loadavg().map((value) => value.toFixed(1));
  console.log(`Node ${process.versions.node}, ${cpus().length} cores, load ${load.join(" ")}`);
} finally {
  local("stop");
  rmSync(cwd, { recursive: true, force: true });
}
