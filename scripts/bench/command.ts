import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Line, median } from "./line.ts";

/** Runs the command as users do, in a folder of its own, on a local AWS of its own. */
export interface Runner {
  readonly folder: string;
  readonly run: (...args: string[]) => string;
  /** Milliseconds from the start of the process to its end. */
  readonly time: (...args: string[]) => number;
  /** The largest resident size of the process in MB. */
  readonly peak: (...args: string[]) => number;
}

const FLEETLOGIX = resolve("bin/fleetlogix.js");
/** When the process ends, writes its largest resident size into the file that BENCH_PEAK names. */
const PEAK = `process.on("exit",()=>require("node:fs").writeFileSync(process.env.BENCH_PEAK,String(process.resourceUsage().maxRSS)))`;

export function makeRunner(folder: string, environment: NodeJS.ProcessEnv): Runner {
  const preload = join(folder, "peak.cjs");
  writeFileSync(preload, PEAK);
  // Reading extra certificates at each start is a cost of this machine, not of the command.
  const { NODE_EXTRA_CA_CERTS: _, ...inherited } = process.env;
  const env = { ...inherited, ...environment };
  const start = (args: readonly string[], more: NodeJS.ProcessEnv = {}): string => {
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, env: { ...env, ...more }, encoding: "utf8" });
    if (status !== 0) throw new Error(`${args.join(" ")} ended with ${status}: ${stderr}`);
    return stdout;
  };
  return {
    folder,
    run: (...args) => start([FLEETLOGIX, ...args]).trim(),
    time: (...args) => timed(() => start(args[0] === "-e" ? args : [FLEETLOGIX, ...args])),
    peak(...args) {
      const file = join(folder, "peak.txt");
      start(["--require", preload, FLEETLOGIX, ...args], { BENCH_PEAK: file });
      return Number(readFileSync(file, "utf8")) / 1024;
    },
  };
}

function timed(work: () => void): number {
  const began = performance.now();
  work();
  return performance.now() - began;
}

/** The median time compared with a bare `node -e 0`, measured in turns. */
export function ratioLine(runner: Runner, runs: number, name: string, atMost: number, ...args: string[]): Line {
  const command: number[] = [];
  const bare: number[] = [];
  runner.time(...args);
  for (let run = 0; run < runs; run++) {
    command.push(runner.time(...args));
    bare.push(runner.time("-e", "0"));
  }
  return { name, value: median(command) / median(bare), unit: "×", of: "bare node", atMost };
}

/** Commands that need no stack. */
export function startLines(runner: Runner, runs: number): Line[] {
  return [
    ratioLine(runner, runs, "`--version`", 1.2, "--version"),
    ratioLine(runner, runs, "`--help`", 1.3, "--help"),
    { name: "`--help`, peak", value: runner.peak("--help"), unit: "MB", atMost: 45 },
  ];
}

/** Commands that read an existing stack. */
export function readingLines(runner: Runner, runs: number): Line[] {
  const value = ["outputs", "api_url", "--local"];
  return [
    ratioLine(runner, runs, "`outputs NAME`", 8, ...value),
    { name: "`outputs NAME`, peak", value: runner.peak(...value), unit: "MB", atMost: 90 },
    ratioLine(runner, runs, "`status`", 14, "status", "--local"),
    ratioLine(runner, runs, "`plan`, nothing to do", 18, "plan", "--local"),
    ratioLine(runner, runs, "`up`, nothing to do", 20, "up", "--local", "--yes"),
  ];
}

/** The time of the first `up`, with the start of the local AWS and its PostgreSQL. */
export function fromNothing(runner: Runner, runs: number): Line {
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    if (run > 0) runner.run("local", "reset", "--yes");
    times.push(runner.time("up", "--local", "--yes") / 1000);
  }
  return { name: "`up` from nothing", value: median(times), unit: "s", atMost: 2.2 };
}
