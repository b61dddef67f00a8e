import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Lambda } from "@aws-sdk/client-lambda";
import { type DBInstance, RDS } from "@aws-sdk/client-rds";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startLocal, stopLocal } from "../../src/local/daemon/control.ts";
import { seeded } from "../../src/simulate/random.ts";
import { removeFolder } from "../support/folders.ts";
import { functionZip } from "../support/function-zip.ts";
import { config, kindsOf, ROLE, setUp } from "../support/kill-load.ts";

/** SIGKILL for a busy local AWS. Afterwards all acknowledged writes exist, and none of its processes runs on. */
const SEED = 17;
const ROUNDS = 2;
let dataDir: string;
beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), "local-kill-"));
});
afterAll(async () => {
  await stopLocal({ dataDir });
  removeFolder(dataDir);
});
const start = () => startLocal({ dataDir, port: 0, databasePort: 0 });

/** The known state of one kind's items: true, acknowledged as stored; false, as deleted; undefined, unknown. */
type Known = Map<number, boolean | undefined>;

test("kill -9 under load loses no acknowledged write, and the next server stops or takes over the remaining processes", {
  timeout: 120_000,
}, async () => {
  const chance = seeded(SEED);
  const known = new Map<string, Known>();
  let { url, pid } = await start();
  await setUp(url);
  await createDatabase(url);
  for (let round = 0; round < ROUNDS; round++) {
    const database = await available(url);
    const kinds = await kindsOf(url, database);
    const sandbox = await warmSandbox(url);
    const over = new AbortController();
    for (const { name } of kinds) known.set(name, known.get(name) ?? new Map());
    const load = Promise.all(kinds.map((kind) => drive(kind, known.get(kind.name) as Known, over.signal)));
    // Its error is thrown after the load.
    load.catch(() => {});
    // The time of the kill is counted from when all kinds have items, so that a slow machine does not matter.
    const sizes = kinds.map(({ name }) => known.get(name)?.size ?? 0);
    const swings = () => kinds.every(({ name }, i) => (known.get(name)?.size ?? 0) > (sizes[i] ?? 0) + 3);
    while (!swings()) await Promise.race([load, sleep(20)]);
    await sleep(chance() * 500);
    const postmaster = postmasterPid();
    process.kill(pid, "SIGKILL");
    if (round > 0) process.kill(postmaster, "SIGKILL");
    over.abort();
    await load;
    // A line that the kill cut in half was never answered.
    if (round === 0) appendFileSync(join(dataDir, "journal.jsonl"), '["iam.roles","half');

    ({ url, pid } = await start());
    expect(await available(url)).toMatchObject({ Endpoint: database.Endpoint });
    expect(runs(postmaster)).toBe(false);
    await expect.poll(() => runs(sandbox)).toBe(false);
    for (const kind of await kindsOf(url, database)) {
      const there = await kind.present();
      const facts = [...(known.get(kind.name) ?? [])].filter(([, present]) => present !== undefined);
      expect(facts.length, kind.name).toBeGreaterThan(round);
      expect(
        facts.filter(([n, present]) => there.has(n) !== present),
        `${kind.name}, round ${round}`,
      ).toEqual([]);
      // A write without an answer may have happened or not. From here on, the found state counts.
      for (const [n, present] of known.get(kind.name) ?? []) if (present === undefined) known.get(kind.name)?.set(n, there.has(n));
      await kind.end?.();
    }
  }
  const last = [postmasterPid(), await warmSandbox(url)];
  await stopLocal({ dataDir });
  expect([pid, ...last].filter(runs)).toEqual([]);
});

/** Stores one item after the other and removes every third, until the server is killed. */
async function drive(kind: Awaited<ReturnType<typeof kindsOf>>[number], known: Known, over: AbortSignal): Promise<void> {
  for (let n = known.size; !over.aborted; n++) {
    const removed = kind.remove && n % 3 === 2 && known.get(n - 1) ? n - 1 : undefined;
    for (const [number, after] of [[n, true], ...(removed === undefined ? [] : [[removed, false]])] as [number, boolean][]) {
      known.set(number, undefined);
      try {
        await (after ? kind.put(number) : kind.remove?.(number));
      } catch (error) {
        // The server was killed. Any other error fails the test.
        if (over.aborted || (error as NodeJS.ErrnoException).code === "ECONNREFUSED") return;
        throw error;
      }
      known.set(number, after);
    }
  }
}

async function createDatabase(url: string): Promise<void> {
  const asked = { DBInstanceClass: "db.t4g.micro", Engine: "postgres", AllocatedStorage: 20 };
  const master = { MasterUsername: "boss", MasterUserPassword: "correct-horse" };
  await new RDS(config(url)).createDBInstance({ ...asked, ...master, DBInstanceIdentifier: "db" });
}
async function available(url: string): Promise<DBInstance> {
  for (;;) {
    const [instance] = (await new RDS(config(url)).describeDBInstances({})).DBInstances ?? [];
    if (instance?.DBInstanceStatus === "available") return instance;
    if (instance?.DBInstanceStatus === "failed") throw new Error("the database failed");
    await sleep(30);
  }
}

/** The process of a function that was called once. `setUp` made its role. */
async function warmSandbox(url: string): Promise<number> {
  const lambda = new Lambda(config(url));
  const ZipFile = await functionZip({ "index.mjs": "export const handler = () => process.pid;" });
  await lambda
    .createFunction({ FunctionName: "who", Runtime: "nodejs22.x", Handler: "index.handler", Role: ROLE, Code: { ZipFile } })
    .catch((error) => expect(error.name).toBe("ResourceConflictException"));
  const { Payload } = await lambda.invoke({ FunctionName: "who" });
  return Number(Buffer.from(Payload as Uint8Array).toString());
}

function postmasterPid(): number {
  const server = readdirSync(join(dataDir, "rds")).find((name) => name.startsWith("db-")) ?? "";
  return Number(readFileSync(join(dataDir, "rds", server, "data", "postmaster.pid"), "utf8").split("\n")[0]);
}
/** A process that has ended and was not collected by its parent (a zombie) does not run. */
function runs(pid: number): boolean {
  if (existsSync("/proc/self")) return existsSync(`/proc/${pid}`) && readFileSync(`/proc/${pid}/cmdline`, "utf8") !== "";
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
