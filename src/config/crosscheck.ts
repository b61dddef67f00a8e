import { type Complaint, complain } from "./complaint.ts";
import type { Config } from "./config.ts";
import type { Path } from "./source.ts";

/** A complaint about the effective configuration, with the path of the setting to change. */
export interface Conflict extends Complaint {
  readonly path: Path;
}

/** Finds settings that are valid alone and invalid together. Pure. */
export function conflicts(config: Config): readonly Conflict[] {
  return [...productionConflicts(config), ...tableConflicts(config), ...bucketConflicts(config), ...warehouseConflicts(config)];
}

function productionConflicts({ hardening, api, database }: Config): Conflict[] {
  if (hardening !== "production") return [];
  const found: Conflict[] = [];
  const add = (path: Path, message: string, remedy: string) => found.push({ path, ...complain(message, remedy) });
  if (api.auth === "none") {
    add(["api", "auth"], "In production the API cannot be open to everybody.", 'Write "apiKey" or "iam".');
  }
  if (database.publiclyAccessible) {
    add(["database", "publiclyAccessible"], "In production the database is not reachable from the internet.", "Remove it or write false.");
  }
  const star = api.corsOrigins.indexOf("*");
  if (star >= 0) add(["api", "corsOrigins", star], "In production not every web page may call the API.", "Name the origins.");
  return found;
}

function tableConflicts({ tables }: Config): Conflict[] {
  const entries = Object.entries(tables);
  return entries.flatMap(([table, name], i) => {
    const duplicate = entries.slice(0, i).find(([, other]) => other === name);
    return duplicate
      ? [{ path: ["tables", table], ...complain(`${table} and ${duplicate[0]} have the same name.`, "Give each table its own name.") }]
      : [];
  });
}

function bucketConflicts({ bucket, region, suffix }: Config): Conflict[] {
  const longest = `fleetlogix-data-000000000000-${region}${suffix}`.length;
  if (bucket.name !== null || longest <= 63) return [];
  return [
    {
      path: ["bucket", "name"],
      ...complain(
        `The bucket's default name would have ${longest} characters; S3 allows 63.`,
        "Name the bucket, or shorten the environment's name.",
      ),
    },
  ];
}

/** Snowflake assumes the role with its user and its external id. With one of the two alone, the role would trust nobody, or every Snowflake account. */
function warehouseConflicts({ warehouse: { snowflake } }: Config): Conflict[] {
  if ((snowflake.userArn === null) === (snowflake.externalId === null)) return [];
  const missing = snowflake.userArn === null ? "userArn" : "externalId";
  return [
    {
      path: ["warehouse", "snowflake", missing],
      ...complain(
        "userArn and externalId belong together: Snowflake's role trusts this user with this external id only.",
        `Write ${missing} too (DESC INTEGRATION in Snowflake prints both), or remove the other.`,
      ),
    },
  ];
}
