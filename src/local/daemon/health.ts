import { request } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { type DaemonState, isAlive, isSameFolder, readState } from "./files.ts";

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
    return JSON.parse(await call(port, "GET", path)) as T;
  } catch {
    return undefined;
  }
}

/** True when the server answered that it stops. */
export const askToStop = (port: number): Promise<boolean> =>
  call(port, "POST", "stop").then(
    () => true,
    () => false,
  );

const ANSWER_MS = 2_000;

/** The body of a good answer. `fetch` would load all of undici, a quarter of a short command's time. */
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

/** Long enough for a server whose folder was deleted to notice, and for one whose note was deleted to write it anew. */
const SETTLE_MS = 10_000;
const POLL_MS = 50;

/**
 * The local AWS that runs on this folder and answers. It is found by its note in the folder, and by the port where it
 * says itself that the folder is its own: the two may disagree for a moment after somebody deleted files.
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
/** Does the local AWS at this port say that this folder is its own? */
export async function servesHere(port: number, dataDir: string): Promise<boolean> {
  const served = (await health(port))?.dataDir;
  return served !== undefined && isSameFolder(served, dataDir);
}
