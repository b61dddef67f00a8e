/**
 * npm run bench -- [--runs N] [--json FILE]: measures the command, the API and the local AWS, and prints one table with their limits.
 * Both sides of a ratio are measured in turns in one run, so a busy machine slows both. Other figures are reliable on a quiet machine
 * only. moto_server is measured too when it is installed. Needs `npm run build`.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import { apiLines } from "./api.ts";
import { fromNothing, makeRunner, readingLines, startLines } from "./command.ts";
import { benchDynamodb } from "./dynamodb.ts";
import { isWithinLimits, type Line, rounded, toTable } from "./line.ts";
import { memoryLine } from "./memory.ts";
import { motoLines } from "./moto.ts";
import { packageLines } from "./package.ts";

const PORT = 14_599;
/** An idle server returns the memory of a load in this time. */
const RETURN_MS = 3_000;

async function measure(runs: number): Promise<Line[]> {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  // The API's limits are higher than the rate that the machine reaches.
  writeFileSync(join(folder, "fleetlogix.config.json"), JSON.stringify({ api: { rateLimit: 10_000, burstLimit: 5_000 } }));
  const runner = makeRunner(folder, { FLEETLOGIX_LOCAL_PORT: String(PORT) });
  try {
    const lines = [...startLines(runner, runs), fromNothing(runner, 3), ...readingLines(runner, runs)];
    const [url, key] = [runner.run("outputs", "api_url", "--local"), runner.run("outputs", "api_key", "--show-secrets", "--local")];
    lines.push(...(await apiLines({ url, key })));
    const { pid } = JSON.parse(runner.run("local", "status", "--json")) as { readonly pid: number };
    await setTimeout(RETURN_MS);
    lines.push(...memoryLine("memory after that load", pid, 300));
    for (const { operation, ofBare } of await benchDynamodb(PORT))
      lines.push({
        name: `local DynamoDB ${operation}`,
        value: ofBare,
        unit: "×",
        of: "a bare server",
        ...(operation === "GetItem" && { atLeast: 0.4 }),
      });
    return [...lines, ...packageLines(), ...(await motoLines())];
  } finally {
    runner.run("local", "stop");
    rmSync(folder, { recursive: true, force: true });
  }
}

const { values } = parseArgs({ options: { runs: { type: "string", default: "9" }, json: { type: "string" } } });
const lines = await measure(Number(values.runs));
const machine = `Node ${process.versions.node}, ${cpus().length} cores, load ${loadavg()
  .map((value) => value.toFixed(1))
  .join(" ")}`;
console.log(`${toTable(lines)}\n\n${machine}`);
if (values.json !== undefined) {
  const entries = lines.map((line) => ({ ...line, value: rounded(line.value), kept: isWithinLimits(line) }));
  writeFileSync(values.json, `${JSON.stringify({ date: new Date().toISOString(), machine, lines: entries }, undefined, 2)}\n`);
}
