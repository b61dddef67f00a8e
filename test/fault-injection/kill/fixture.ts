import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDB } from "@aws-sdk/client-dynamodb";
import { S3 } from "@aws-sdk/client-s3";
import { type Faults, faultPlan, type LoggedCall } from "../../../src/local/core/faults.ts";
import { startLocalAws } from "../../../src/local/index.ts";
import { createForeignResources } from "../foreign-resources.ts";
import { type Documents, replay } from "../invariants/documents.ts";
import type { Holders } from "../invariants/sentinels.ts";
import { type CommandProcess, type ProcessEnd, startCommand } from "./command.ts";
import { type FaultProxy, faultProxy, type Trap } from "./proxy.ts";

export interface CommandFixture {
  readonly url: string;
  readonly proxy: FaultProxy;
  /** Starts the command with the proxy as its endpoint. `trap` is set for this run and gets its process. */
  start(args: readonly string[], env?: Readonly<Record<string, string>>, trap?: (started: () => CommandProcess) => Trap): CommandProcess;
  /** Runs the command to its end; `output` includes what it printed. */
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<ProcessEnd>;
  /** Kills the command with SIGKILL at one of its calls; the process gets no answer to this call. */
  killAt(point: Point, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<ProcessEnd>;
  /** A run for the check itself, which may print secrets; `output` does not include it. */
  runUnrecorded(args: readonly string[]): Promise<ProcessEnd>;
  /** Every call since `clearCalls`, as AWS saw it. */
  calls(): readonly LoggedCall[];
  clearCalls(): void;
  documents(): Documents;
  /** Clients of a user of the stack. */
  readonly holders: Holders;
  /** The output of all runs, and the log of the local AWS. */
  output(): string;
  /** Ends the local AWS and copies its data. */
  saveTo(folder: string): Promise<void>;
  close(): Promise<void>;
}
export interface Point {
  readonly name: string;
  readonly nth: number;
  readonly when: "before" | "after";
}
export interface FixtureOptions {
  readonly databases?: "real" | "none";
  /** Data folder to begin from; default: an account with foreign resources only. */
  readonly from?: string | undefined;
}
/** The secret access key of all runs. No run may print it. */
export const PLANTED_SECRET = "plantedSecretAccessKey/+42";

/** A local AWS behind a fault proxy, and an empty working folder for the command. */
export async function startFixture({ databases = "none", from }: FixtureOptions = {}): Promise<CommandFixture> {
  const folder = mkdtempSync(join(tmpdir(), "kill-"));
  const dataDir = join(folder, "aws");
  if (from) cpSync(from, dataDir, { recursive: true });
  const faults: Faults = faultPlan([], { keepCalls: 50_000 });
  let output = "";
  const log = (line: string) => {
    output += `${line}\n`;
  };
  const aws = await startLocalAws({ dataDir, faults, settings: { databases, databasePort: 0 }, log });
  if (!from) await createForeignResources(aws.env.dispatch);
  const proxy = await faultProxy(aws.url);
  const surroundings = {
    cwd: mkdtempSync(join(folder, "cwd-")),
    env: { AWS_ENDPOINT_URL: proxy.url, AWS_ACCESS_KEY_ID: "planted", AWS_SECRET_ACCESS_KEY: PLANTED_SECRET },
  };
  const launch = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    // `--local` would start another local AWS, so a variable says that the endpoint is the local AWS.
    startCommand(args, {
      cwd: surroundings.cwd,
      env: { ...surroundings.env, ...(args.includes("--endpoint-url") && { FLEETLOGIX_LOCAL: "1" }), ...env },
    });
  const start = (
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    trap?: (started: () => CommandProcess) => Trap,
  ): CommandProcess => {
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
    runUnrecorded: (args) => launch(args).ended,
    calls: faults.calls,
    clearCalls: faults.clear,
    documents: () => replay(join(dataDir, "journal.jsonl")),
    holders,
    output: () => output,
    async saveTo(target) {
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
