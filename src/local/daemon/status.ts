import { join, resolve } from "node:path";
import { dataFolderOf } from "../core/data-folder.ts";
import { JOURNAL, LOG } from "./files.ts";
import { sizes } from "./folder-sizes.ts";
import { ask, find, type Health, health, urlOf } from "./health.ts";
import { memoryOf } from "./memory.ts";

export interface LocalStatus {
  readonly running: boolean;
  readonly dataDir: string;
  readonly logFile: string;
  /** Bytes of each part of the data: journal, log, s3, dynamodb, lambda, `rds fleetlogix-db`, `rds snapshots`, … */
  readonly dataBytes: Readonly<Record<string, number>>;
  readonly url?: string;
  readonly port?: number;
  readonly pid?: number;
  readonly uptimeSeconds?: number;
  /** Memory of the whole process tree, including databases and functions. */
  readonly memoryBytes?: number;
  readonly processes?: number;
  readonly realism?: boolean;
  /** Facts of each service, e.g. `{ sns: { topics: 1 } }`. */
  readonly services?: Health["services"];
}

/** Names a local AWS by its folder, and by the port where it is searched when the folder has no state file. */
export interface Where {
  readonly dataDir: string;
  readonly port?: number | undefined;
}

export async function statusLocal(options: Where): Promise<LocalStatus> {
  const dataDir = resolve(options.dataDir);
  const files = { dataDir, logFile: join(dataDir, LOG) };
  const state = await find(dataDir, options.port);
  const answer = state && (await health(state.port));
  if (!state || !answer) return { running: false, ...files, dataBytes: await dataBytes(dataDir, {}) };
  const names = (await ask<Record<string, string>>(state.port, "databases")) ?? {};
  const { pid, uptimeSeconds, realism, services } = answer;
  const { bytes: memoryBytes, processes } = (await memoryOf(pid)) ?? { bytes: answer.memoryBytes, processes: 1 };
  const about = { url: urlOf(state.port), port: state.port, pid, uptimeSeconds, memoryBytes, processes, realism, services };
  return { running: true, ...files, dataBytes: await dataBytes(dataDir, names), ...about };
}

/** `names`: the names of the databases' folders. */
async function dataBytes(dataDir: string, names: Readonly<Record<string, string>>): Promise<Record<string, number>> {
  const sums: Record<string, number> = {};
  const add = (part: string, bytes: number): void => {
    sums[part] = (sums[part] ?? 0) + bytes;
  };
  for (const [entry, bytes] of Object.entries(await sizes(dataDir))) if (entry !== "rds") add(partOf(entry), bytes);
  for (const [entry, bytes] of Object.entries(await sizes(dataFolderOf(dataDir, "rds").folder)))
    add(names[entry] !== undefined ? `rds ${names[entry]}` : /^db-|^snapshots$/.test(entry) ? `rds ${entry}` : "other", bytes);
  return sums;
}

function partOf(entry: string): string {
  if (entry === JOURNAL) return "journal";
  if (entry.startsWith(LOG)) return "log";
  return entry.startsWith("local.") || entry.includes(".") ? "other" : entry;
}
