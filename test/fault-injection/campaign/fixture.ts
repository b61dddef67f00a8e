import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDB } from "@aws-sdk/client-dynamodb";
import { S3 } from "@aws-sdk/client-s3";
import { type App, type AppOptions, openApp } from "../../../src/app.ts";
import type { Config } from "../../../src/config/config.ts";
import { virtualClock } from "../../../src/local/core/clock.ts";
import { ConnectionCut, type Faults, faultPlan } from "../../../src/local/core/faults.ts";
import { startLocalAws } from "../../../src/local/index.ts";
import { seedStrangers } from "../foreign-resources.ts";
import { type Documents, replay } from "../invariants/documents.ts";

export interface Setting {
  readonly config: Config;
  readonly artifacts: NonNullable<AppOptions["artifacts"]>;
}
export interface World {
  readonly faults: Faults;
  /** What belongs to somebody else, as it was before the first run. */
  readonly foreign: Documents;
  /** Every event and every error of every run, as text. */
  readonly said: string[];
  /** One start of the command; all of its calls fail once `kill` was called, as if the process were gone. */
  start(concurrency: number, config?: Config, requestTimeoutMs?: number): Promise<Started>;
  /** A call of somebody else, past faults and logs. */
  behind(service: string, operation: string, input: Record<string, unknown>): Promise<Record<string, unknown>>;
  documents(): Documents;
  readonly s3: S3;
  readonly dynamodb: DynamoDB;
  close(): Promise<void>;
  /** Closes, and keeps everything to begin other worlds from. */
  save(): Promise<Saved>;
}
export interface Saved {
  readonly dataDir: string;
  readonly nowMs: number;
  readonly foreign: Documents;
}
export interface Started {
  readonly app: App;
  /** The connection is cut and nothing more goes out: the in-process likeness of SIGKILL. */
  kill(): never;
  isDead(): boolean;
  /** The first Ctrl-C. */
  interrupt(): void;
}
/** Real time: long enough for a busy machine. */
const REQUEST_TIMEOUT_MS = 60_000;

export async function makeWorld({ config, artifacts }: Setting, saved?: Saved): Promise<World> {
  const faults = faultPlan([], { keepCalls: 50_000 });
  const clock = virtualClock(saved?.nowMs);
  const dataDir = mkdtempSync(join(tmpdir(), "campaign-"));
  if (saved) cpSync(saved.dataDir, dataDir, { recursive: true });
  const aws = await startLocalAws({ dataDir, faults, clock, settings: { databases: "none" } });
  const documents = () => replay(join(dataDir, "journal.jsonl"));
  if (!saved) await seedStrangers(aws.env.dispatch);
  faults.clear();
  const own = { region: config.region, endpoint: aws.url, credentials: { accessKeyId: "other", secretAccessKey: "other" } };
  const s3 = new S3({ ...own, forcePathStyle: true });
  const dynamodb = new DynamoDB(own);
  const foreign = saved?.foreign ?? documents();
  const stop = async (): Promise<void> => {
    s3.destroy();
    dynamodb.destroy();
    await aws.close();
  };
  return {
    faults,
    foreign,
    said: [],
    s3,
    dynamodb,
    documents,
    behind: (service, operation, input) => aws.env.dispatch(service, operation, input),
    start: (concurrency, of = config, requestTimeoutMs = REQUEST_TIMEOUT_MS) =>
      start(of, { endpoint: aws.url, concurrency, clock, artifacts, requestTimeoutMs }),
    async close() {
      await stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
    async save() {
      await stop();
      return { dataDir, nowMs: clock.now(), foreign };
    },
  };
}

type StartOptions = Pick<AppOptions, "endpoint" | "concurrency" | "clock" | "artifacts" | "requestTimeoutMs">;
async function start(config: Config, options: StartOptions): Promise<Started> {
  let dead = false;
  const controller = new AbortController();
  const onCall = (): void => {
    if (dead) throw new Error("the process was killed");
  };
  const app = await openApp(config, { ...options, local: true, signal: controller.signal, onCall });
  return {
    app,
    isDead: () => dead,
    interrupt: () => controller.abort(),
    kill: () => {
      dead = true;
      throw new ConnectionCut();
    },
  };
}
