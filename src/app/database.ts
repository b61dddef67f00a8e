import { join } from "node:path";
import { packageRoot } from "../artifacts/package-root.ts";
import { rdsAuthorities } from "../aws/rds-authorities.ts";
import { addressAs } from "../database/address.ts";
import type { Connection } from "../database/connection.ts";
import { importDatabase } from "../database/import/import.ts";
import { applySchema } from "../database/schema.ts";
import { childVariables, toolFor } from "../database/tools.ts";
import { FleetlogixError } from "../errors.ts";
import { DATABASE_ID } from "../stack-ids.ts";
import type { DatabaseActions } from "./actions.ts";
import { readOutputs } from "./outputs.ts";
import type { Session } from "./session.ts";

/** Actions on the database of the stack. Each call reads its address from AWS. */
export const databaseActions = (session: Session): DatabaseActions => ({
  address: async (format) => addressAs(format, await connectionOf(session), session.stackName),
  psql: async () => {
    const connection = await connectionOf(session);
    const { path } = await toolFor("psql", process.env);
    return { path, variables: childVariables(connection, process.env) };
  },
  applySchema: async (onApplied) => applySchema(await connectionOf(session), join(packageRoot(), "migrations"), onApplied),
  importFrom: async (from, { replace, check, jobs }, emit) => {
    const { storageGb } = session.config.database;
    const options = { from, replace, check, jobs, storageGb, variables: process.env, signal: session.options.signal };
    return importDatabase(await connectionOf(session), options, emit);
  },
});

async function connectionOf(session: Session): Promise<Connection> {
  const { database } = await readOutputs(session, { secrets: true });
  if (!database?.host) {
    throw new FleetlogixError(
      "NOT_DEPLOYED",
      database ? `The database ${database.identifier} is ${database.status}.` : "There is no database yet.",
      {
        hint: database ? "Wait until `fleetlogix status` shows it available." : "Create it with `fleetlogix setup` or `fleetlogix up`.",
        resource: DATABASE_ID,
      },
    );
  }
  if (database.password === null) {
    throw new FleetlogixError("NOT_DEPLOYED", `The database ${database.identifier} has no password in Secrets Manager yet.`, {
      hint: "Wait until `fleetlogix status` shows it available.",
      resource: DATABASE_ID,
    });
  }
  return {
    host: database.host,
    port: database.port ?? 5432,
    database: database.name,
    user: database.username,
    password: database.password,
    sslMode: "verify-full",
    caFile: await authoritiesOf(session),
  };
}

async function authoritiesOf({ options, place, ports }: Session): Promise<string> {
  if (options.endpoint !== undefined) return process.env.PGSSLROOTCERT || localAuthorities(options.localCaFile);
  const { signal, caBundle } = options;
  return rdsAuthorities({ partition: place.partition, variables: process.env, now: ports.clock.now(), signal, caBundle });
}
function localAuthorities(file: string | undefined): string {
  if (file !== undefined) return file;
  throw new FleetlogixError("DATABASE_TLS", "The certificate authority of the database at this endpoint is not known.", {
    hint: "Set PGSSLROOTCERT to the PEM file of that authority, then run the same command again.",
  });
}
