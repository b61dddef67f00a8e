import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { promisify } from "node:util";

export interface Memory {
  readonly processes: number;
  /** Memory of all these processes together. Shared pages count once; where the system does not show sharing, the sum of each process's memory. */
  readonly bytes: number;
}

/** The memory of a process and of all processes that it started. undefined where the system has no readable list of processes. */
export async function memoryOf(pid: number): Promise<Memory | undefined> {
  const linux = process.platform === "linux";
  const all = await (linux ? fromProc() : fromPs()).catch(() => undefined);
  if (!all?.has(pid)) return undefined;
  const tree = [pid];
  for (const parent of tree) for (const [child, { parent: of }] of all) if (of === parent) tree.push(child);
  const sizes = await Promise.all(tree.map(async (one) => (linux ? proportional(one) : all.get(one)?.bytes)));
  return { processes: tree.length, bytes: sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0) };
}

type Processes = Map<number, { readonly parent: number; readonly bytes?: number }>;

async function fromProc(): Promise<Processes> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const entries = pids.map(async (pid) => {
    // A process may end between listing and reading.
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    const [, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return [Number(pid), { parent: Number(parent) }] as const;
  });
  return new Map(await Promise.all(entries));
}

async function proportional(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "");
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024;
}

async function fromPs(): Promise<Processes> {
  const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,ppid=,rss="]);
  const rows = stdout
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number));
  return new Map(rows.map(([pid = 0, parent = 0, kilobytes = 0]) => [pid, { parent, bytes: kilobytes * 1024 }]));
}
