import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect } from "vitest";
import { installedServer } from "../../scripts/company/server.ts";
import type { ImportEvent } from "../../src/app/contract.ts";
import { importDatabase } from "../../src/database/import/import.ts";
import { Secret } from "../../src/secret.ts";
import { removeFolder } from "../support/folders.ts";
import { companyBeside, installed, withPostgres } from "./company.ts";

const company = companyBeside("test/database/import-mishaps.test.ts");
const { move, databases } = company;

beforeAll(async () => {
  if (installed) await move();
});

/** A proxy in front of a server. It cuts all connections when `limit` bytes have passed in one direction. */
async function cableTo(port: number, direction: "from-server" | "to-server", limit: number): Promise<number> {
  const open = new Set<Socket>();
  let passed = 0;
  const cut = () => {
    server.close();
    for (const socket of open) socket.destroy();
  };
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on("error", () => {}).on("close", () => (socket === near ? far : near).destroy());
    }
    const [first, last] = direction === "from-server" ? [far, near] : [near, far];
    last.pipe(first);
    first.on("data", (bytes: Buffer) => {
      last.write(bytes.subarray(0, Math.max(0, limit - passed)));
      passed += bytes.length;
      if (passed >= limit) cut();
    });
  }).listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  return (server.address() as AddressInfo).port;
}

/**
 * Bytes in the middle of the rows: pg_dump reads 0.7 MB of catalogs and then 0.6 MB of rows; pg_restore writes 0.6 MB, almost all of it
 * rows.
 */
const MIDDLE = { read: 1_000_000, written: 300_000 };
/** An import, with the steps that it has begun. */
function withSteps(begin: (emit: (event: ImportEvent) => void) => Promise<unknown>) {
  const steps: string[] = [];
  return { steps, done: begin((event) => event.type === "step" && steps.push(event.text)) };
}

withPostgres("a connection cut during reading or writing gives a clear error, and the next run imports everything", async () => {
  const before = await databases();
  const lost = { code: "DATABASE_UNREACHABLE", message: expect.stringMatching(/was lost|does not answer/) };
  const expectUnchanged = async () => expect(await company.stack.query("SELECT count(*)::int AS n FROM trips")).toEqual([{ n: 1000 }]);
  const near = await cableTo(company.source.port, "from-server", MIDDLE.read);
  const reading = withSteps((emit) => move(`postgres://postgres@127.0.0.1:${near}/company`, { replace: true }, emit));
  await expect(reading.done).rejects.toMatchObject(lost);
  expect(reading.steps.at(-1)).toMatch(/^Reading/);
  await expectUnchanged();
  const port = await cableTo(company.stack.target.port, "to-server", MIDDLE.written);
  const { password, ...target } = company.stack.target;
  const connection = { ...target, port, password: new Secret(password), sslMode: "require", caFile: undefined } as const;
  const options = { from: company.source.url("company"), replace: true, check: false, jobs: 2, storageGb: 20, variables: process.env };
  const writing = withSteps((emit) => importDatabase(connection, { ...options, signal: new AbortController().signal }, emit));
  await expect(writing.done).rejects.toMatchObject(lost);
  expect(writing.steps.at(-1)).toMatch(/^Writing/);
  await expectUnchanged();
  expect((await move(undefined, { replace: true })).tables.every(({ equal }) => equal)).toBe(true);
  await expect.poll(databases, { timeout: 20_000 }).toEqual(before);
});

/** Puts a fake tool before the installed one. Returns a function that removes it. */
function withTool(name: string, script: string, version: string | number | undefined = installedServer()?.version): () => void {
  const folder = mkdtempSync(join(tmpdir(), "tools-"));
  writeFileSync(
    join(folder, name),
    `#!/bin/sh\nif [ "$*" = --version ]; then echo '${name} (PostgreSQL) ${version}.0'; exit; fi\n${script}\n`,
  );
  chmodSync(join(folder, name), 0o755);
  const path = process.env.PATH;
  // Only PATH is searched, and the fake tool comes first in it.
  Object.assign(process.env, { PATH: `${folder}:${path}`, FLEETLOGIX_PG_TOOLS: "path" });
  return () => {
    process.env.PATH = path;
    delete process.env.FLEETLOGIX_PG_TOOLS;
    removeFolder(folder);
  };
}

// Error texts of the real tools on a full tmpfs: pg_dump's for its own folder, pg_restore's for the server's error 53100.
const FULL = [
  [
    "pg_dump",
    "echo 'pg_dump: error: could not write to file \"3521.dat\": No space left on device' >&2; exit 1",
    /folder for the dump is full.*No space left/,
  ],
  [
    "pg_restore",
    'echo \'pg_restore: error: COPY failed for table "deliveries": ERROR:  could not extend file "base/16/17": No space left on device\' >&2; echo "HINT:  Check free disk space." >&2; exit 1',
    /storage of the stack's database is full.*deliveries/,
  ],
] as const;
withPostgres("a full disk on either side gives one sentence and an unchanged target", async () => {
  for (const [tool, script, message] of FULL) {
    const back = withTool(tool, script);
    await expect(move(undefined, { replace: true }), tool)
      .rejects.toMatchObject({ code: "IMPORT_FAILED", message: expect.stringMatching(message) })
      .finally(back);
    expect(await company.stack.query("SELECT count(*)::int AS n FROM trips"), tool).toEqual([{ n: 1000 }]);
  }
});

/** Runs `work` with a file system of 64 MB that `owner` may write to. Returns false when the test has no permission to mount one. */
async function onSmallDisk(
  owner: { readonly uid: number; readonly gid: number },
  work: (folder: string, fill: () => void) => Promise<void>,
): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), "small-"));
  try {
    const options = `size=64m,mode=0700,uid=${owner.uid},gid=${owner.gid}`;
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder], { stdio: "ignore" });
    } catch {
      return false;
    }
    const fill = () => {
      const { bavail, bsize } = statfsSync(folder);
      writeFileSync(join(folder, "filler"), Buffer.alloc(bavail * bsize));
    };
    await work(folder, fill).finally(() => execFileSync("umount", ["-l", folder]));
    return true;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
const NO_MOUNT = "the test has no permission to mount a file system on this machine";

withPostgres("a disk that fills up during the dump is named in the error, and the target is unchanged", async (context) => {
  const before = process.env.TMPDIR;
  const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const mounted = await onSmallDisk(owner, async (folder, fill) => {
    process.env.TMPDIR = folder;
    const moving = move(undefined, { replace: true }, (event) => {
      if (event.type === "step" && event.text.startsWith("Reading")) fill();
    }).finally(() => {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    });
    await expect(moving).rejects.toMatchObject({ code: "IMPORT_FAILED", message: expect.stringMatching(/folder for the dump is full/) });
  });
  if (!mounted) context.skip(NO_MOUNT);
  expect(await company.stack.query("SELECT count(*)::int AS n FROM trips")).toEqual([{ n: 1000 }]);
});

withPostgres("a database disk that fills up during the restore is named in the error, and the target is unchanged", async (context) => {
  const { query, port, password } = company.source;
  const [settings] = await query("SELECT current_setting('data_directory') AS folder");
  const { uid, gid } = statSync(String(settings?.folder));
  const mounted = await onSmallDisk({ uid, gid }, async (folder, fill) => {
    await query("CREATE DATABASE target");
    await query("CREATE TABLE kept AS SELECT 1 AS n", "target");
    // Only a superuser may create a tablespace, and the stack's database has none. So the company's server is the target here.
    await query(`CREATE TABLESPACE small LOCATION '${folder}'`);
    await query("ALTER ROLE postgres SET default_tablespace = small");
    const connection = { host: "127.0.0.1", port, user: "postgres", database: "target", password: new Secret(password) };
    const options = { from: company.source.url("company"), replace: true, check: false, jobs: 2, storageGb: 20, variables: process.env };
    const writing = importDatabase(
      { ...connection, sslMode: "disable", caFile: undefined },
      { ...options, signal: new AbortController().signal },
      (event) => {
        if (event.type === "step" && event.text.startsWith("Writing")) fill();
      },
    ).finally(() => query("ALTER ROLE postgres RESET default_tablespace"));
    await expect(writing).rejects.toMatchObject({ code: "IMPORT_FAILED", message: expect.stringMatching(/[Ss]torage of .* is full/) });
    expect(await query("SELECT n FROM kept", "target")).toEqual([{ n: 1 }]);
    await query("DROP TABLESPACE small");
  });
  if (!mounted) context.skip(NO_MOUNT);
});

withPostgres("a source newer than the stack's database or the tools is refused before any write", async () => {
  const path = process.env.PATH;
  process.env.PATH = "";
  const back = ["pg_dump", "pg_restore"].map((name) => withTool(name, "exit 1"));
  try {
    for (const [version, code, message] of [
      [99, "IMPORT_UNFIT", /source is PostgreSQL 99 and the stack's database 17: set database.engineVersion to "99"/],
      [17, "TOOL_MISSING", /pg_\w+ \d+ on this machine is too old: the server is PostgreSQL 17/],
    ] as const) {
      const name = `newer_${version}`;
      await company.source.query(`CREATE DATABASE ${name}`);
      // The source reports another version.
      await company.source.query(
        `CREATE SCHEMA later; CREATE FUNCTION later.current_setting(text) RETURNS text LANGUAGE sql AS $$
          SELECT CASE WHEN $1 = 'server_version_num' THEN '${version}0000' ELSE pg_catalog.current_setting($1) END $$;
        ALTER DATABASE ${name} SET search_path = later, pg_catalog, public`,
        name,
      );
      await expect(move(company.source.url(name), { replace: true })).rejects.toMatchObject({
        code,
        message: expect.stringMatching(message),
      });
    }
  } finally {
    for (const undo of back.toReversed()) undo();
    process.env.PATH = path;
  }
  expect(await company.stack.query("SELECT count(*)::int AS n FROM trips")).toEqual([{ n: 1000 }]);
  await expect.poll(databases, { timeout: 20_000 }).toEqual(["fleetlogix"]);
});

withPostgres("a sequence behind its column is reported, and the printed SQL corrects it", async () => {
  expect(await move(undefined, { check: true })).toMatchObject({ moved: false });
  await company.stack.query("SELECT setval('trips_trip_id_seq', 7)");
  const error = await move(undefined, { check: true }).catch((thrown) => thrown);
  expect(error).toMatchObject({
    code: "IMPORT_DIFFERS",
    message: expect.stringMatching(/next value of public\.trips_trip_id_seq is 8, but public\.trips\.trip_id already contains 1000/),
  });
  await company.stack.query(/SELECT setval\([^;]*;/.exec(error.detail.hint)?.[0] ?? "");
  expect(await move(undefined, { check: true })).toMatchObject({ moved: false });
});

withPostgres("the comparison finds NULL, empty strings and values moved to another column", async () => {
  await company.source.query("CREATE DATABASE nulls");
  await company.source.query(
    "CREATE TABLE pairs (id int, a text, b text); INSERT INTO pairs VALUES (1, 'x', NULL), (2, '', 'y'), (3, 'p', 'q')",
    "nulls",
  );
  await move(company.source.url("nulls"), { replace: true });
  for (const change of [
    "a = NULL, b = 'x' WHERE id = 1",
    "a = NULL WHERE id = 2",
    "a = 'q', b = 'p' WHERE id = 3",
    "a = 'pq', b = '' WHERE id = 3",
  ]) {
    await company.stack.query(`CREATE TABLE kept AS TABLE pairs; UPDATE pairs SET ${change}`);
    await expect(move(company.source.url("nulls"), { check: true }), change).rejects.toMatchObject({ code: "IMPORT_DIFFERS" });
    await company.stack.query("TRUNCATE pairs; INSERT INTO pairs TABLE kept; DROP TABLE kept");
  }
  expect(await move(company.source.url("nulls"), { check: true })).toMatchObject({ moved: false });
});

withPostgres("a Latin-1 source is converted to UTF-8 and compared in it", async () => {
  await company.source.query("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'");
  await company.source.query(
    "CREATE TABLE clients (name text); INSERT INTO clients SELECT 'Señora Ñáñez ' || g FROM generate_series(1, 50) g",
    "latin",
  );
  const { tables } = await move(company.source.url("latin"), { replace: true });
  expect(tables).toMatchObject([{ table: "public.clients", target_rows: "50", equal: true }]);
  expect(await company.stack.query("SELECT count(*)::int AS n FROM clients WHERE name LIKE 'Señora Ñáñez %'")).toEqual([{ n: 50 }]);
  await company.stack.query("UPDATE clients SET name = 'Señora Nañez 7' WHERE name = 'Señora Ñáñez 7'");
  await expect(move(company.source.url("latin"), { check: true })).rejects.toMatchObject({ code: "IMPORT_DIFFERS" });
});
