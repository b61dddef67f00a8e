import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDB } from "@aws-sdk/client-dynamodb";
import { S3 } from "@aws-sdk/client-s3";
import { type Faults, faultPlan, type LoggedCall } from "../../../src/local/core/faults.ts";
import { startLocalAws } from "../../../src/local/index.ts";
import { seedStrangers } from "../foreign-resources.ts";
import { type Documents, replay } from "../invariants/documents.ts";
import type { Holders } from "../invariants/sentinels.ts";
import { type Ended, type Started, startCommand } from "./command.ts";
import { type FaultProxy, faultProxy, type Trap } from "./proxy.ts";

export interface World {
  readonly url: string;
  readonly proxy: FaultProxy;
  /** One start of the command through the proxy; `trap` is set for this run, and may use what was started. */
  start(args: readonly string[], env?: Readonly<Record<string, string>>, trap?: (started: () => Started) => Trap): Started;
  /** To its end; everything that it said is kept for `heard`. */
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended>;
  /** Killed with SIGKILL at this call of it; the process sees neither the call's effect nor its answer. */
  killAt(point: Point, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended>;
  /** What the check itself asks for, secrets with it: not kept for `heard`. */
  unheard(args: readonly string[]): Promise<Ended>;
  /** Every call since `forget`, as AWS saw it. */
  calls(): readonly LoggedCall[];
  forget(): void;
  documents(): Documents;
  /** A user of the stack. */
  readonly holders: Holders;
  /** All output of all runs, and the local AWS's own log. */
  heard(): string;
  /** Ends the local AWS and copies its data. */
  freeze(folder: string): Promise<void>;
  close(): Promise<void>;
}
export interface Point {
  readonly name: string;
  readonly nth: number;
  readonly when: "before" | "after";
}
export interface WorldOptions {
  readonly databases?: "real" | "none";
  /** Data to begin from; without it an account in which somebody else has things. */
  readonly from?: string;
}
/** Planted: no run may ever say it. */
export const OWN_SECRET = "plantedSecretAccessKey/+42";

/** A local AWS behind a fault proxy, and an empty folder from which the command is run against it. */
export async function makeWorld({ databases = "none", from }: WorldOptions = {}): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), "kill-"));
  const dataDir = join(folder, "aws");
  if (from) cpSync(from, dataDir, { recursive: true });
  const faults: Faults = faultPlan([], { keepCalls: 50_000 });
  let said = "";
  const log = (line: string) => {
    said += `${line}\n`;
  };
  const aws = await startLocalAws({ dataDir, faults, settings: { databases, databasePort: 0 }, log });
  if (!from) await seedStrangers(aws.env.dispatch);
  const proxy = await faultProxy(aws.url);
  const where = {
    cwd: mkdtempSync(join(folder, "cwd-")),
    env: { AWS_ENDPOINT_URL: proxy.url, AWS_ACCESS_KEY_ID: "planted", AWS_SECRET_ACCESS_KEY: OWN_SECRET },
  };
  const launch = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    // With an address of its own it is told by a variable that this is the local AWS: the flag would start another one.
    startCommand(args, {
      cwd: where.cwd,
      env: { ...where.env, ...(args.includes("--endpoint-url") && { FLEETLOGIX_LOCAL: "1" }), ...env },
    });
  const start = (args: readonly string[], env: Readonly<Record<string, string>> = {}, trap?: (started: () => Started) => Trap): Started => {
    proxy.set(trap?.(() => started));
    const started = launch(args, env);
    started.ended.then(({ stdout, stderr }) => log(`${stdout}${stderr}`));
    return started;
  };
  const user = { region: "us-east-1", endpoint: proxy.url, credentials: { accessKeyId: "user", secretAccessKey: "user" } };
  const holders = {
    s3: new S3({ ...user, forcePathStyle: true }),
    dynamodb: new DynamoDB(user),
    bucket: "fleetlogix-data-000000000000-us-east-1",
    table: "FleetLogix_Deliveries_Status",
  };
  const stop = async () => {
    holders.s3.destroy();
    holders.dynamodb.destroy();
    await proxy.close();
    await aws.close();
  };
  let stopped: Promise<void> | undefined;
  const end = () => {
    stopped ??= stop();
    return stopped;
  };
  return {
    url: proxy.url,
    proxy,
    start,
    run: (args, env) => start(args, env).ended,
    killAt: ({ name, nth, when }, args, env) =>
      start(args, env, (started) => {
        const kill = () => {
          started().child.kill("SIGKILL");
          return "cut" as const;
        };
        return { name, nth, [when]: kill };
      }).ended,
    unheard: (args) => launch(args).ended,
    calls: faults.calls,
    forget: faults.clear,
    documents: () => replay(join(dataDir, "journal.jsonl")),
    holders,
    heard: () => said,
    async freeze(target) {
      await end();
      cpSync(dataDir, target, { recursive: true });
      rmSync(folder, { recursive: true, force: true });
    },
    async close() {
      await end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
