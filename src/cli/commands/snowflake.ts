import type { Action } from "../context.ts";
import { openCommandSession } from "../session.ts";

/** A script for Snowflake's worksheet or `snowsql -f`; it has no secret. */
export const sql: Action = async (run) => {
  const { app } = await openCommandSession(run);
  const script = app.snowflakeSql();
  return { text: script, json: { command: run.command, ok: true, sql: script, error: null } };
};
