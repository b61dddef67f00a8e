import type { Action } from "../run.ts";
import { openSession } from "../session.ts";

/** A script for Snowflake's worksheet or `snowsql -f`; it holds no secret. */
export const sql: Action = async (run) => {
  const { app } = await openSession(run);
  const script = app.snowflakeSql();
  return { text: script, json: { command: run.command, ok: true, sql: script, error: null } };
};
