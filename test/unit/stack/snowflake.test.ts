import { Dialect, parse } from "@polyglot-sql/sdk";
import { expect, test } from "vitest";
import { loadConfig } from "../../../src/config/load.ts";
import { lakeColumns } from "../../../src/lake/events.ts";
import { snowflakeSql } from "../../../src/stack/snowflake.ts";
import { STAR } from "../../../src/stack/star-schema.ts";

const place = { partition: "aws", region: "us-east-1", account: "123456789012" };
const { config } = loadConfig({ cwd: "/", variables: {} });
const script = snowflakeSql(config, place, lakeColumns());
const statements = script
  .replace(/^--.*$/gm, "")
  .split(/;\s*(?:\n|$)/)
  .map((text) => text.trim())
  .filter((text) => text !== "");
/** The kind of a statement in Snowflake's grammar. `raw`: the grammar knows only its beginning. */
function kindOf(sql: string): string {
  const { success, ast, error } = parse(sql, Dialect.Snowflake);
  if (!success) throw new Error(`${error}: ${sql}`);
  const [first] = (typeof ast === "string" ? JSON.parse(ast) : ast) as object[];
  return Object.keys(first ?? {})[0] ?? "";
}

test("the SQL names this stack's bucket, role and prefix, and no secret", () => {
  expect(script).toContain("s3://fleetlogix-data-123456789012-us-east-1/lake/");
  expect(script).toContain("arn:aws:iam::123456789012:role/fleetlogix-snowflake-role");
  expect(script).not.toMatch(/AWS_SECRET|AWS_KEY_ID|PASSWORD/i);
  expect(script).not.toContain("raw-data");
});

test("every statement can be repeated", () => {
  for (const statement of statements) expect(statement).toMatch(/^(CREATE \w+( \w+)? IF NOT EXISTS|USE|DESC|SHOW|ALTER (PIPE|TASK))/);
});

test("a stack of another environment has other names", () => {
  const staging = snowflakeSql({ ...config, suffix: "-staging-2" }, place, lakeColumns());
  expect(staging).toContain("CREATE DATABASE IF NOT EXISTS FLEETLOGIX_STAGING_2;");
  expect(staging).toContain("role/fleetlogix-snowflake-role-staging-2");
});

test("with a configured queue the pipes load automatically", () => {
  expect(script).toContain("AUTO_INGEST = FALSE");
  const snowflake = { userArn: null, externalId: null, notificationArn: "arn:aws:sqs:us-east-1:999999999999:sf" };
  expect(snowflakeSql({ ...config, warehouse: { snowflake } }, place, lakeColumns())).not.toContain("AUTO_INGEST = FALSE");
});

test("every statement parses in Snowflake's dialect", () => {
  const kinds = new Map<string, number>();
  for (const statement of statements) kinds.set(kindOf(statement), (kinds.get(kindOf(statement)) ?? 0) + 1);
  expect(kinds.get("create_table")).toBe(Object.keys(lakeColumns()).length + STAR.length);
  expect(kinds.get("create_task")).toBe(STAR.length);
  for (const { table, select } of STAR) expect(["select", "with"], table).toContain(kindOf(select("RAW.")));
  // A task and a pipe contain a separate statement.
  const inside = (start: string) =>
    statements.filter((one) => one.startsWith(start)).map((one) => kindOf(one.slice(one.indexOf(" AS ") + 4)));
  expect(new Set(inside("CREATE TASK"))).toEqual(new Set(["merge"]));
  expect(new Set(inside("CREATE PIPE"))).toEqual(new Set(["copy"]));
});

test("statements that the grammar does not check have the form of Snowflake's reference", () => {
  const options = String.raw`( [A-Z_]+ = ('[^']*'|TRUE|FALSE|[A-Z0-9_]+|\((FORMAT_NAME = )?'[^']*'\)))`;
  const forms = [
    `CREATE WAREHOUSE IF NOT EXISTS \\w+${options}+`,
    `CREATE STORAGE INTEGRATION IF NOT EXISTS \\w+${options}+`,
    `CREATE FILE FORMAT IF NOT EXISTS \\w+ TYPE = PARQUET`,
    `CREATE STAGE IF NOT EXISTS \\w+${options}+`,
    `CREATE PIPE IF NOT EXISTS \\w+ AUTO_INGEST = (TRUE|FALSE) AS COPY INTO .+`,
    "ALTER PIPE \\w+ REFRESH",
    "ALTER TASK \\w+ RESUME",
    "SHOW PIPES",
  ].map((form) => new RegExp(`^${form}$`));
  const raw = statements.filter((statement) => kindOf(statement) === "raw");
  expect(raw.length).toBeGreaterThan(10);
  for (const statement of raw)
    expect(
      forms.some((form) => form.test(statement)),
      statement,
    ).toBe(true);
});

test("the parser refuses what Snowflake would", () => {
  expect(() => kindOf("MERGE INTO a USIN b ON a.x = b.x")).toThrow(/USING/);
  expect(() => kindOf("CREATE TASK t WAREHOUSE = w SCHEDULE = '60 MINUTE' AS SELEC 1")).toThrow();
});
