/**
 * `npm run docs:recording`: docs/images/recording.svg. The real command runs in a pseudo-terminal on a fresh local AWS: `up`, killed in the
 * middle with SIGKILL, `up` again, `plan`. Needs `script` of util-linux, so Linux. Pauses of more than a second are cut to one.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../../src/artifacts/package-root.ts";
import { svgOf } from "./svg.ts";
import { type Chunk, framesOf } from "./terminal.ts";

const SIZE = { columns: 92, rows: 26 };
const LONGEST_PAUSE_MS = 1_000;
/** The run is killed when this number of resources is done. */
const KILL_AT = /\b(2[4-9]|3\d) of \d+ done/;
const PROMPT = "\x1b[32m$\x1b[39m ";

const folder = mkdtempSync(join(tmpdir(), "fleetlogix-recording-"));
const bin = join(packageRoot(), "bin", "fleetlogix.js");
const env = { ...process.env, npm_command: "exec", TERM: "xterm-256color", FORCE_COLOR: "1" };
const chunks: Chunk[] = [];
let nowMs = 0;
let lastMs = Date.now();

/** Adds output with the time of the recording: real time, in which long pauses are cut. */
function add(data: string): void {
  nowMs += Math.min(Date.now() - lastMs, LONGEST_PAUSE_MS);
  lastMs = Date.now();
  chunks.push({ atMs: nowMs, data });
}
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function type(line: string): Promise<void> {
  add(PROMPT);
  await pause(700);
  add(line);
  await pause(700);
  add("\r\n");
}

/** Runs one command in a pseudo-terminal; `killAt`: SIGKILL as soon as its output matches. */
async function run(args: string, killAt?: RegExp): Promise<void> {
  await type(`npx fleetlogix ${args}`);
  const shell = `stty cols ${SIZE.columns} rows ${SIZE.rows}; exec "${process.execPath}" "${bin}" ${args}`;
  const terminal = spawn("script", ["-qfec", shell, "/dev/null"], { cwd: folder, env, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  let killed = false;
  terminal.stdout.setEncoding("utf8").on("data", (data: string) => {
    if (killed) return;
    add(data);
    output += data;
    if (killAt?.test(output)) {
      killed = true;
      killChild(terminal);
    }
  });
  const code = await new Promise<number | null>((resolve) => terminal.on("close", resolve));
  if (killed) add("\r\n\x1b[31mKilled\x1b[39m \x1b[90m(kill -9)\x1b[39m\r\n\x1b[?25h");
  else if (code !== 0) throw new Error(`fleetlogix ${args} ended with ${code}:\n${output}`);
  if (killAt && !killed) throw new Error(`fleetlogix ${args} was done before it could be killed`);
}

function killChild({ pid }: ChildProcess): void {
  const child = Number(execFileSync("pgrep", ["-P", String(pid)], { encoding: "utf8" }).trim());
  process.kill(child, "SIGKILL");
}

try {
  await run("up --local", KILL_AT);
  await run("up --local");
  await run("plan --local");
  add(PROMPT);
} finally {
  execFileSync(process.execPath, [bin, "local", "stop"], { cwd: folder, env });
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
const frames = await framesOf(chunks, SIZE);
const svg = svgOf(frames, SIZE, {
  title: "fleetlogix up, killed and run again",
  description:
    "A terminal: `npx fleetlogix up --local` is killed in the middle; the same command goes on and finishes the stack; `plan` finds nothing to change.",
});
writeFileSync(join(packageRoot(), "docs", "images", "recording.svg"), svg);
console.log(`docs/images/recording.svg: ${frames.length} frames, ${(nowMs / 1000).toFixed(1)} s, ${Math.round(svg.length / 1024)} KB`);
