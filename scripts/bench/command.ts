import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Line, median } from "./line.ts";

/** The command as its user runs it, in a folder of its own, on a local AWS of its own. */
export interface Runner {
  readonly folder: string;
  readonly run: (...words: string[]) => string;
  /** Milliseconds from the process's start to its end. */
  readonly time: (...words: string[]) => number;
  /** Its largest resident size in MB. */
  readonly peak: (...words: string[]) => number;
}

const FLEETLOGIX = resolve("bin/fleetlogix.js");
/** Writes the largest resident size where the environment says, when the process ends. */
const PEAK = `process.on("exit",()=>require("node:fs").writeFileSync(process.env.BENCH_PEAK,String(process.resourceUsage().maxRSS)))`;

export function makeRunner(folder: string, environment: NodeJS.ProcessEnv): Runner {
  const preload = join(folder, "peak.cjs");
  writeFileSync(preload, PEAK);
  // Reading certificates at each start is the machine's cost, not the command's.
  const { NODE_EXTRA_CA_CERTS: _, ...inherited } = process.env;
  const env = { ...inherited, ...environment };
  const start = (args: readonly string[], more: NodeJS.ProcessEnv = {}): string => {
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, env: { ...env, ...more }, encoding: "utf8" });
    if (status !== 0) throw new Error(`${args.join(" ")} ended with ${status}: ${stderr}`);
    return stdout;
  };
  return {
    folder,
    run: (...words) => start([FLEETLOGIX, ...words]).trim(),
    time: (...words) => timed(() => start(words[0] === "-e" ? words : [FLEETLOGIX, ...words])),
    peak(...words) {
      const file = join(folder, "peak.txt");
      start(["--require", preload, FLEETLOGIX, ...words], { BENCH_PEAK: file });
      return Number(readFileSync(file, "utf8")) / 1024;
    },
  };
}

function timed(work: () => void): number {
  const began = performance.now();
  work();
  return performance.now() - began;
}

/** Against a bare `node -e 0`, in turns. */
export function ratioLine(runner: Runner, runs: number, name: string, atMost: number, ...words: string[]): Line {
  const own: number[] = [];
  const bare: number[] = [];
  runner.time(...words);
  for (let run = 0; run < runs; run++) {
    own.push(runner.time(...words));
    bare.push(runner.time("-e", "0"));
  }
  return { name, value: median(own) / median(bare), unit: "×", of: "bare node", atMost };
}

/** What needs no stack. */
export function startLines(runner: Runner, runs: number): Line[] {
  return [
    ratioLine(runner, runs, "`--version`", 1.2, "--version"),
    ratioLine(runner, runs, "`--help`", 1.3, "--help"),
    { name: "`--help`, peak", value: runner.peak("--help"), unit: "MB", atMost: 45 },
  ];
}

/** What reads a stack that is up. */
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

/** A whole stack from nothing, the local AWS and its PostgreSQL included. */
export function fromNothing(runner: Runner, runs: number): Line {
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    if (run > 0) runner.run("local", "reset", "--yes");
    times.push(runner.time("up", "--local", "--yes") / 1000);
  }
  return { name: "`up` from nothing", value: median(times), unit: "s", atMost: 2.2 };
}
