import { readdirSync, readFileSync } from "node:fs";
import type { Line } from "./line.ts";

/** Memory of a process and of all processes that it started. Shared pages count once (PSS). Linux only. */
export function memoryLine(name: string, root: number, atMost: number): Line[] {
  if (process.platform !== "linux") return [];
  const kilobytes = treeOf(root).reduce((sum, pid) => sum + pssOf(pid), 0);
  return [{ name, value: kilobytes / 1024, unit: "MB", atMost }];
}

function treeOf(root: number): number[] {
  const parents = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => [Number(pid), parentOf(pid)] as const);
  const tree = [root];
  for (const pid of tree) tree.push(...parents.flatMap(([child, parent]) => (parent === pid ? [child] : [])));
  return tree;
}
const parentOf = (pid: string): number => Number(/^PPid:\s*(\d+)/m.exec(textOf(`/proc/${pid}/status`))?.[1]);
const pssOf = (pid: number): number => {
  const found = /^Pss:\s*(\d+)/m.exec(textOf(`/proc/${pid}/smaps_rollup`)) ?? /^VmRSS:\s*(\d+)/m.exec(textOf(`/proc/${pid}/status`));
  return Number(found?.[1] ?? 0);
};
function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // The process has ended.
    return "";
  }
}
