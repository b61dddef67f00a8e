import { type ChildProcess, spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import type { Owner } from "../../core/place.ts";
import type { Channel } from "./bootstrap.ts";
import type { Answer, Invocation, RuntimeApi } from "./runtime-api.ts";

const CHANNEL: Channel = { message: "\u0001", newline: "\u0002", done: "\u0003" };
/** A grandchild may keep the pipes open; the function's own output has long been read by then. */
const PIPE_GRACE_MS = 50;

export interface SandboxOptions {
  readonly api: RuntimeApi;
  /** Path of Node.js. */
  readonly node: string;
  /** Whom the function runs as, when not as we do. */
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
  /** Undefined when it is ready, else its own account of why it is not. */
  readonly started: Promise<Answer | undefined>;
  readonly exited: Promise<Exit>;
  invoke(invocation: Invocation): Promise<Answer>;
  /** Settles when all output of that call has been read, with the most memory used so far. */
  outputOf(requestId: string): Promise<{ readonly maxMemoryMb: number }>;
  idle(): Promise<void>;
  kill(): Promise<Exit>;
}

/** One process with one runtime: it runs one call at a time. */
export function startSandbox(options: SandboxOptions): Sandbox {
  const { api } = options;
  const child = spawn(options.node, [`--max-old-space-size=${Math.floor(options.memoryMb * 0.9)}`, options.bootstrap], {
    ...(options.owner ?? {}),
    cwd: options.codeFolder,
    env: options.environment,
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own: whatever the function has started ends with it.
    detached: process.platform !== "win32",
  });
  const completions = completionNotes();
  readLines(child.stdout as Readable, options.onLine, completions);
  readLines(child.stderr as Readable, options.onLine, completions);
  const exited = exitOf(child).then(async (exit) => {
    api.close();
    completions.end();
    await rm(options.temporaryFolder, { recursive: true, force: true });
    return exit;
  });
  return {
    started: api.started,
    exited,
    invoke: (invocation) => api.invoke(invocation),
    outputOf: (requestId) => completions.of(requestId),
    idle: () => api.idle(),
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
    if (line.startsWith(CHANNEL.done)) completions.note(line.slice(1));
    else if (line.startsWith(CHANNEL.message)) onLine(line.slice(1).replaceAll(CHANNEL.newline, "\n"));
    else onLine(line);
  };
  stream.on("data", (chunk: Buffer) => {
    const lines = (rest + decoder.write(chunk)).split("\n");
    rest = lines.pop() as string;
    for (const line of lines) {
      // A function may write without a line break right before its call ends.
      const at = line.indexOf(CHANNEL.done);
      if (at > 0) take(line.slice(0, at));
      take(at > 0 ? line.slice(at) : line);
    }
  });
  stream.on("end", () => rest && take(rest));
}

/** Both pipes say when they are through with a call; the process's end says it for all. */
interface Completions {
  note(text: string): void;
  of(requestId: string): Promise<{ readonly maxMemoryMb: number }>;
  end(): void;
}
function completionNotes(): Completions {
  let maxMemoryMb = 0;
  let ended = false;
  const heard = new Map<string, number>();
  const waiting = new Map<string, () => void>();
  return {
    note(text) {
      const [requestId = "", kilobytes = "0"] = text.split(" ");
      maxMemoryMb = Math.max(maxMemoryMb, Math.ceil(Number(kilobytes) / 1024));
      heard.set(requestId, (heard.get(requestId) ?? 0) + 1);
      if (heard.get(requestId) === 2) waiting.get(requestId)?.();
    },
    async of(requestId) {
      if (!ended && heard.get(requestId) !== 2) await new Promise<void>((resolve) => waiting.set(requestId, resolve));
      heard.delete(requestId);
      waiting.delete(requestId);
      return { maxMemoryMb };
    },
    end() {
      ended = true;
      for (const resolve of waiting.values()) resolve();
    },
  };
}
