import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { applySchema } from "../../src/database/schema.ts";
import { Secret } from "../../src/secret.ts";
import { removeFolder } from "../support/folders.ts";
import { type DatabaseStack, databaseStack, has } from "./stack.ts";

let stack: DatabaseStack;
beforeAll(async () => {
  stack = await databaseStack();
});
afterAll(() => stack.close());

test("the address is printed in each program's format and never contains the password", async () => {
  const { host, port, password } = stack.target;
  const forms = { psql: await stack.app.database.address("psql"), jdbc: await stack.app.database.address("jdbc") };
  expect(forms.psql).toMatch(
    new RegExp(`^postgresql://fleetlogix_admin@${host}:${port}/fleetlogix\\?sslmode=verify-full&sslrootcert=/.+ca\\.pem$`),
  );
  expect(forms.jdbc).toMatch(new RegExp(`^jdbc:postgresql://${host}:${port}/fleetlogix\\?user=fleetlogix_admin&sslmode=verify-full&`));
  const dbeaver = await stack.app.database.address("dbeaver");
  expect(dbeaver.split("|")).toEqual(
    expect.arrayContaining(["driver=postgresql", `host=${host}`, `port=${port}`, "prop.sslmode=verify-full"]),
  );
  const variables = (await stack.app.database.address("env")).split("\n");
  expect(variables).toEqual(expect.arrayContaining([`PGHOST=${host}`, "PGUSER=fleetlogix_admin", "PGSSLMODE=verify-full"]));
  for (const text of [...Object.values(forms), dbeaver, ...variables]) expect(text).not.toContain(password);
});

test.skipIf(!has("psql"))("psql connects with a verified certificate, and the password is not in its arguments", async () => {
  const { path, variables } = await stack.app.database.psql();
  const psql = (env: object) =>
    execFileSync(path, ["-X", "-A", "-t", "-c", "SELECT current_user, ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"], {
      env: { ...variables, ...env },
      stdio: ["ignore", "pipe", "ignore"],
    }).toString();
  expect(psql({}).trim()).toBe("fleetlogix_admin|t");
  const otherCa = join(mkdtempSync(join(tmpdir(), "ca-")), "none.pem");
  writeFileSync(otherCa, "");
  expect(() => psql({ PGSSLROOTCERT: otherCa })).toThrow();
});

test("two concurrent runs create one schema, and the next run changes nothing", async () => {
  const results = await Promise.all([stack.app.database.applySchema(() => {}), stack.app.database.applySchema(() => {})]);
  expect(results.map(({ applied }) => applied.length).toSorted()).toEqual([0, 2]);
  expect(await stack.app.database.applySchema(() => {})).toMatchObject({ from: 2, to: 2, applied: [] });
  const tables = await stack.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1");
  expect(tables.map(({ tablename }) => tablename)).toEqual([
    "deliveries",
    "drivers",
    "maintenance",
    "routes",
    "schema_migrations",
    "trips",
    "vehicles",
  ]);
});

test("the schema's constraints refuse impossible values", async () => {
  await stack.query(`INSERT INTO vehicles (license_plate, vehicle_type) VALUES ('ABC-123', 'van');
    INSERT INTO drivers (employee_code, first_name, last_name, license_number) VALUES ('E-1', 'José', 'Muñoz', 'L-1');
    INSERT INTO routes (route_code, origin_city, destination_city) VALUES ('R-1', 'Bogotá', 'Medellín')`);
  const trip = "INSERT INTO trips (vehicle_id, driver_id, route_id, departure_at, arrival_at) VALUES";
  await expect(stack.query(`${trip} (99, 1, 1, now(), NULL)`)).rejects.toThrow(/foreign key/);
  await expect(stack.query(`${trip} (1, 1, 1, now(), now() - interval '1 h')`)).rejects.toThrow(/check constraint/);
  await stack.query(`${trip} (1, 1, 1, now(), NULL)`);
  const delivery =
    "INSERT INTO deliveries (trip_id, tracking_number, customer_name, delivery_address, status) VALUES (1, 'T-1', 'Ana', 'Calle 1'";
  await expect(stack.query(`${delivery}, 'delivered')`)).rejects.toThrow(/check constraint/);
  await expect(stack.query(`${delivery}, 'lost')`)).rejects.toThrow(/check constraint/);
});

const folder = mkdtempSync(join(tmpdir(), "migrations-"));
cpSync(resolve("migrations"), folder, { recursive: true });
afterAll(() => removeFolder(folder));
const apply = (database = "fleetlogix") => {
  const { host, port, user, password } = stack.target;
  return applySchema(
    { host, port, user, database, password: new Secret(password), sslMode: "require", caFile: undefined },
    folder,
    () => {},
  );
};

test("a failed migration is rolled back completely, and the next run applies its corrected file", async () => {
  writeFileSync(join(folder, "0003_more.sql"), "CREATE TABLE depots (name text); SELECT 1 / 0;");
  await expect(apply()).rejects.toMatchObject({
    code: "SCHEMA_CONFLICT",
    message: expect.stringMatching(/0003_more.sql.*division by zero/),
  });
  expect(await stack.query("SELECT to_regclass('depots') AS depots, (SELECT max(version) FROM schema_migrations) AS version")).toEqual([
    { depots: null, version: 2 },
  ]);
  writeFileSync(join(folder, "0003_more.sql"), "CREATE TABLE depots (name text);");
  expect(await apply()).toEqual({ from: 2, to: 3, applied: ["0003_more.sql"] });
});

test("a newer schema, a changed file and tables of another program are refused without a change", async () => {
  await expect(stack.app.database.applySchema(() => {})).rejects.toMatchObject({
    code: "SCHEMA_CONFLICT",
    message: expect.stringContaining("version 3"),
  });
  writeFileSync(join(folder, "0003_more.sql"), "CREATE TABLE depots (name text, city text);");
  await expect(apply()).rejects.toMatchObject({ code: "SCHEMA_CONFLICT", message: expect.stringContaining("other content") });
  await stack.query("CREATE DATABASE other", "postgres");
  await stack.query("CREATE TABLE trips (id int)", "other");
  await expect(apply("other")).rejects.toMatchObject({ code: "SCHEMA_CONFLICT", message: expect.stringContaining("trips") });
  expect(await stack.query("SELECT to_regclass('schema_migrations') AS made", "other")).toEqual([{ made: null }]);
});
