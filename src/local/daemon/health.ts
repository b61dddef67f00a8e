import { type DaemonState, isAlive, readState } from "./files.ts";

/** What a running local AWS says about itself at `/_local/health`. */
export interface Health {
  readonly pid: number;
  readonly dataDir?: string;
  readonly account?: string;
  readonly uptimeSeconds: number;
  readonly memoryBytes: number;
  readonly realism: boolean;
  readonly services: Readonly<Record<string, Readonly<Record<string, string | number>>>>;
}

export const urlOf = (port: number): string => `http://127.0.0.1:${port}`;

/** undefined when nobody answers, or somebody else. */
export async function health(port: number): Promise<Health | undefined> {
  const answer = await ask<Health>(port, "health");
  return typeof answer?.pid === "number" && answer.account !== undefined ? answer : undefined;
}

/** What is at `/_local/<path>`; undefined when nobody answers. */
export async function ask<T>(port: number, path: string): Promise<T | undefined> {
  try {
    const response = await fetch(`${urlOf(port)}/_local/${path}`, { signal: AbortSignal.timeout(2_000) });
    return (await response.json()) as T;
  } catch {
    return undefined;
  }
}

/** The local AWS that runs on this folder and answers. */
export async function find(dataDir: string): Promise<DaemonState | undefined> {
  const state = readState(dataDir);
  if (!state || !isAlive(state.pid)) return undefined;
  return (await health(state.port))?.pid === state.pid ? state : undefined;
}
