import Parser from "node-sql-parser";
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
const parse = (sql: string) => new Parser.Parser().astify(sql, { database: "Snowflake" });

test("it names this stack's bucket, role and prefix, and no secret", () => {
  expect(script).toContain("s3://fleetlogix-data-123456789012-us-east-1/lake/");
  expect(script).toContain("arn:aws:iam::123456789012:role/fleetlogix-snowflake-role");
  expect(script).not.toMatch(/AWS_SECRET|AWS_KEY_ID|PASSWORD/i);
  expect(script).not.toContain("raw-data");
});

test("every statement can be run again", () => {
  for (const statement of statements) expect(statement).toMatch(/^(CREATE \w+( \w+)? IF NOT EXISTS|USE|DESC|SHOW|ALTER (PIPE|TASK))/);
});

test("a stack of another environment has names of its own", () => {
  const staging = snowflakeSql({ ...config, suffix: "-staging-2" }, place, lakeColumns());
  expect(staging).toContain("CREATE DATABASE IF NOT EXISTS FLEETLOGIX_STAGING_2;");
  expect(staging).toContain("role/fleetlogix-snowflake-role-staging-2");
});

test("with a queue configured the pipes load by themselves", () => {
  expect(script).toContain("AUTO_INGEST = FALSE");
  const snowflake = { userArn: null, externalId: null, notificationArn: "arn:aws:sqs:us-east-1:999999999999:sf" };
  expect(snowflakeSql({ ...config, warehouse: { snowflake } }, place, lakeColumns())).not.toContain("AUTO_INGEST = FALSE");
});

test("tables and the star's queries parse in Snowflake's dialect", () => {
  const tables = statements.filter((statement) => statement.startsWith("CREATE TABLE"));
  expect(tables).toHaveLength(Object.keys(lakeColumns()).length + STAR.length);
  for (const statement of tables) expect(() => parse(statement), statement).not.toThrow();
  for (const { table, select } of STAR) expect(() => parse(select("RAW.")), table).not.toThrow();
});
