import { request } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { type DaemonState, isAlive, isSameFolder, readState } from "./files.ts";

/** The answer of a running local AWS at `/_local/health`. */
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

/** The health of the local AWS at this port; undefined when none answers there. */
export async function health(port: number): Promise<Health | undefined> {
  const answer = await ask<Health>(port, "health");
  return typeof answer?.pid === "number" && answer.account !== undefined ? answer : undefined;
}

/** Reads `/_local/<path>`; undefined when no server answers. */
export async function ask<T>(port: number, path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await call(port, "GET", path)) as T;
  } catch {
    return undefined;
  }
}

/** Tells the server to stop. True when it answered that it does. */
export const askToStop = (port: number): Promise<boolean> =>
  call(port, "POST", "stop").then(
    () => true,
    () => false,
  );

const ANSWER_MS = 2_000;

/** The body of an answer with status 200. `fetch` would load all of undici, which takes a quarter of a short command's time. */
function call(port: number, method: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, method, path: `/_local/${path}`, agent: false, signal: AbortSignal.timeout(ANSWER_MS) };
    const outgoing = request(options, (answer) => {
      if (answer.statusCode === 200) text(answer).then(resolve, reject);
      else reject(new Error(`status ${answer.resume().statusCode}`));
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
}

/** Time in which a server notices that its folder was deleted, or writes a deleted state file anew. */
const SETTLE_MS = 10_000;
const POLL_MS = 50;

/**
 * The local AWS that runs on this folder and answers. It is found by the state file in the folder, or by the port, when the server there
 * says that it serves this folder. The two may differ for a moment after somebody deleted files.
 */
export async function find(dataDir: string, port?: number): Promise<DaemonState | undefined> {
  for (let waited = 0; waited < SETTLE_MS; waited += POLL_MS) {
    const state = readState(dataDir);
    if (state && isAlive(state.pid) && (await health(state.port))?.pid === state.pid) return state;
    if (!port || !(await servesHere(port, dataDir))) return undefined;
    await sleep(POLL_MS);
  }
  return undefined;
}
/** True when the local AWS at this port says that it serves this folder. */
export async function servesHere(port: number, dataDir: string): Promise<boolean> {
  const served = (await health(port))?.dataDir;
  return served !== undefined && isSameFolder(served, dataDir);
}
