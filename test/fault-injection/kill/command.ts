import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const BIN = fileURLToPath(new URL("../../../bin/fleetlogix.js", import.meta.url));

export interface ProcessEnd {
  /** null: a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}
export interface CommandProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<ProcessEnd>;
}
export interface Surroundings {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The command as users start it: a process on the compiled files, without a terminal and without the caller's environment. */
export function startCommand(args: readonly string[], { cwd, env }: Surroundings): CommandProcess {
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const text = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (chunk) => {
      text[name] += chunk;
    });
  }
  return { child, ended: new Promise((done) => child.on("close", (code, signal) => done({ code, signal, ...text }))) };
}
