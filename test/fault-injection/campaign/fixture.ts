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
import { createForeignResources } from "../foreign-resources.ts";
import { type Documents, replay } from "../invariants/documents.ts";

export interface FixtureOptions {
  readonly config: Config;
  readonly artifacts: NonNullable<AppOptions["artifacts"]>;
}
export interface Fixture {
  readonly faults: Faults;
  /** Documents of foreign resources, as they were before the first run. */
  readonly foreign: Documents;
  /** Every event and error of every run, as text. */
  readonly output: string[];
  /** Starts the command in process; all of its calls fail once `kill` was called. */
  start(concurrency: number, config?: Config, requestTimeoutMs?: number): Promise<CommandRun>;
  /** A call of somebody else: no fault meets it, and it is not logged. */
  outOfBand(service: string, operation: string, input: Record<string, unknown>): Promise<Record<string, unknown>>;
  documents(): Documents;
  readonly s3: S3;
  readonly dynamodb: DynamoDB;
  close(): Promise<void>;
  /** Closes and keeps the data, from which other fixtures can begin. */
  save(): Promise<SavedFixture>;
}
export interface SavedFixture {
  readonly dataDir: string;
  readonly nowMs: number;
  readonly foreign: Documents;
}
export interface CommandRun {
  readonly app: App;
  /** Cuts the connection and refuses all later calls. Within one process this is the nearest to SIGKILL. */
  kill(): never;
  isDead(): boolean;
  /** The first Ctrl-C. */
  interrupt(): void;
}
/** In real milliseconds: long enough for a busy machine. */
const REQUEST_TIMEOUT_MS = 60_000;

export async function startFixture({ config, artifacts }: FixtureOptions, saved?: SavedFixture): Promise<Fixture> {
  const faults = faultPlan([], { keepCalls: 50_000 });
  const clock = virtualClock(saved?.nowMs);
  const dataDir = mkdtempSync(join(tmpdir(), "campaign-"));
  if (saved) cpSync(saved.dataDir, dataDir, { recursive: true });
  const aws = await startLocalAws({ dataDir, faults, clock, settings: { databases: "none" } });
  const documents = () => replay(join(dataDir, "journal.jsonl"));
  if (!saved) await createForeignResources(aws.env.dispatch);
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
    output: [],
    s3,
    dynamodb,
    documents,
    outOfBand: (service, operation, input) => aws.env.dispatch(service, operation, input),
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
async function start(config: Config, options: StartOptions): Promise<CommandRun> {
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
