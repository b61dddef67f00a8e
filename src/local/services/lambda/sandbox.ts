import { type ChildProcess, spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import type { Duplex, Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import type { Owner } from "../../core/data-folder.ts";
import { type Invocation, openChannel, type RuntimeResponse } from "./runtime-channel.ts";
import { CALLS_FD, OUTPUT, SERVER_LIFE_FD } from "./sandbox-protocol.ts";

/** Half of a sandbox's young heap, MB. Node's default of 16 keeps the garbage of many calls. */
const YOUNG_HALF_MB = 2;
/** A child of the function may keep the pipes open. By this time the function's own output has been read. */
const PIPE_GRACE_MS = 50;

export interface SandboxOptions {
  /** Path of Node.js. */
  readonly node: string;
  /** The user that the function runs as; undefined: the server's user. */
  readonly owner: Owner | undefined;
  /** Path of the bootstrap's JavaScript. */
  readonly bootstrap: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly codeFolder: string;
  readonly temporaryFolder: string;
  readonly memoryMb: number;
  /** One log event of the function, without its line break. */
  readonly onLine: (text: string) => void;
}
/** How the process ended, in the words of AWS's init process: `exit status 1`, `signal: killed`. */
export type Exit = { readonly reason: string | undefined };
export interface Sandbox {
  /** Settles with undefined when the sandbox is ready, or with its init error. */
  readonly started: Promise<RuntimeResponse | undefined>;
  readonly exited: Promise<Exit>;
  invoke(invocation: Invocation): Promise<RuntimeResponse>;
  /** Settles when all output of the call has been read, with the maximum memory used so far. */
  outputOf(requestId: string): Promise<{ readonly maxMemoryMb: number }>;
  idle(): Promise<void>;
  kill(): Promise<Exit>;
}

/** Starts a process with a runtime. It runs one call at a time. */
export function startSandbox(options: SandboxOptions): Sandbox {
  const heap = [`--max-old-space-size=${Math.floor(options.memoryMb * 0.9)}`, `--max-semi-space-size=${YOUNG_HALF_MB}`];
  const child = spawn(options.node, [...heap, options.bootstrap], {
    ...(options.owner ?? {}),
    cwd: options.codeFolder,
    env: options.environment,
    // Overlapped pipes are pipes; Windows needs the name to read and write at once.
    stdio: ["ignore", "pipe", "pipe", "overlapped", "overlapped"],
    // Its own process group, so that the function's children are killed with it.
    detached: process.platform !== "win32",
  });
  const completions = createCompletions();
  readLines(child.stdout as Readable, options.onLine, completions);
  readLines(child.stderr as Readable, options.onLine, completions);
  const channel = openChannel(child.stdio[CALLS_FD] as Duplex, () => killGroup(child));
  (child.stdio[SERVER_LIFE_FD] as Duplex).on("error", () => {});
  const exited = exitOf(child).then(async (exit) => {
    completions.end();
    await rm(options.temporaryFolder, { recursive: true, force: true });
    return exit;
  });
  return {
    started: channel.started,
    exited,
    invoke: (invocation) => channel.invoke(invocation),
    outputOf: (requestId) => completions.of(requestId),
    idle: () => channel.idle(),
    kill() {
      killGroup(child);
      return exited;
    },
  };
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    child.kill("SIGKILL");
  }
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    const settle = (code: number | null, signal: NodeJS.Signals | null): void =>
      resolve({ reason: signal ? `signal: ${SIGNALS[signal] ?? signal}` : code ? `exit status ${code}` : undefined });
    child.on("error", (error) => resolve({ reason: error.message }));
    child.on("close", settle);
    child.on("exit", (code, signal) => setTimeout(() => settle(code, signal), PIPE_GRACE_MS).unref());
  });
}
const SIGNALS: Readonly<Record<string, string>> = {
  SIGKILL: "killed",
  SIGABRT: "aborted",
  SIGSEGV: "segmentation fault",
  SIGTERM: "terminated",
};

function readLines(stream: Readable, onLine: (text: string) => void, completions: Completions): void {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  const take = (line: string): void => {
    if (line.startsWith(OUTPUT.done)) completions.note(line.slice(1));
    else if (line.startsWith(OUTPUT.message)) onLine(line.slice(1).replaceAll(OUTPUT.newline, "\n"));
    else onLine(line);
  };
  stream.on("data", (chunk: Buffer) => {
    const lines = (rest + decoder.write(chunk)).split("\n");
    rest = lines.pop() as string;
    for (const line of lines) {
      // A function may end its output without a line break.
      const at = line.indexOf(OUTPUT.done);
      if (at > 0) take(line.slice(0, at));
      take(at > 0 ? line.slice(at) : line);
    }
  });
  stream.on("end", () => rest && take(rest));
}

/** Ends of calls' output. A call is complete when both pipes hold its marker, or when the process has ended. */
interface Completions {
  note(text: string): void;
  of(requestId: string): Promise<{ readonly maxMemoryMb: number }>;
  end(): void;
}
function createCompletions(): Completions {
  let maxMemoryMb = 0;
  let ended = false;
  const markers = new Map<string, number>();
  const waiting = new Map<string, () => void>();
  return {
    note(text) {
      const [requestId = "", kilobytes = "0"] = text.split(" ");
      maxMemoryMb = Math.max(maxMemoryMb, Math.ceil(Number(kilobytes) / 1024));
      markers.set(requestId, (markers.get(requestId) ?? 0) + 1);
      if (markers.get(requestId) === 2) waiting.get(requestId)?.();
    },
    async of(requestId) {
      if (!ended && markers.get(requestId) !== 2) await new Promise<void>((resolve) => waiting.set(requestId, resolve));
      markers.delete(requestId);
      waiting.delete(requestId);
      return { maxMemoryMb };
    },
    end() {
      ended = true;
      for (const resolve of waiting.values()) resolve();
    },
  };
}
