import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { changeOwner, type Owner } from "../../../core/data-folder.ts";
import type { Certificate } from "./certificate.ts";

export interface ServerSettings {
  readonly port: number;
  /** Name → value, as in a parameter group. Only values that differ from PostgreSQL's defaults. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly certificate: Certificate;
}

/** Writes a server's configuration files. The server reads them at its start, and partly at a reload. */
export function writeConfiguration(data: string, settings: ServerSettings, owner: Owner | undefined): void {
  const write = (name: string, text: string): void => {
    writeFileSync(join(data, name), text, { mode: 0o600 });
    changeOwner(join(data, name), owner);
  };
  write("server.key", settings.certificate.key);
  write("server.crt", settings.certificate.cert);
  write("pg_hba.conf", accessRules(settings.parameters["rds.force_ssl"] !== "0"));
  write("postgresql.conf", serverConfiguration(settings));
}

function accessRules(forceTls: boolean): string {
  const lines = ["hostssl all all 127.0.0.1/32 scram-sha-256", ...(forceTls ? [] : ["hostnossl all all 127.0.0.1/32 scram-sha-256"])];
  return `${lines.join("\n")}\n`;
}

function serverConfiguration({ port, parameters }: ServerSettings): string {
  const own: Record<string, string> = {
    shared_buffers: "64MB",
    shared_preload_libraries: "pg_stat_statements",
    log_min_messages: "warning",
    ...Object.fromEntries(Object.entries(parameters).filter(([name, value]) => !name.startsWith("rds.") && !value.includes("{"))),
    ...(parameters["rds.logical_replication"] === "1" && { wal_level: "logical" }),
    // Parameter groups cannot change the settings that protect the server.
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: "",
    ssl: "on",
    ssl_cert_file: "server.crt",
    ssl_key_file: "server.key",
    password_encryption: "scram-sha-256",
    logging_collector: "on",
    log_directory: "log",
    log_filename: "postgresql.log.%a",
    log_truncate_on_rotation: "on",
    log_rotation_age: "1d",
    log_rotation_size: "0",
    ...(parameters.timezone === undefined && { timezone: "UTC" }),
  };
  const lines = Object.entries(own).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'`);
  return `${lines.join("\n")}\n`;
}
