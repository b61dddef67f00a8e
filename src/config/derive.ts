import type { Config } from "./config.ts";
import type { Settings } from "./schema.ts";

/** Adds the defaults that depend on other settings: names with the environment's suffix, and the defaults of production. Pure. */
export function deriveConfig(s: Settings): Config {
  const dev = s.environment === "dev";
  const suffix = dev ? "" : `-${s.environment}`;
  const dashed = (written: string | undefined, name: string) => written ?? `${name}${suffix}`;
  const table = (written: string | undefined, name: string) => written ?? (dev ? name : `${name}_${s.environment}`);
  const production = s.hardening === "production";
  return {
    ...s,
    tables: {
      deliveries: table(s.tables.deliveries, "FleetLogix_Deliveries_Status"),
      alerts: table(s.tables.alerts, "FleetLogix_Alerts"),
      vehicles: table(s.tables.vehicles, "FleetLogix_Vehicle_Tracking"),
      routes: table(s.tables.routes, "FleetLogix_Routes_Waypoints"),
    },
    topic: { name: `fleetlogix-alerts${suffix}` },
    alarms: { ...s.alarms, topicName: `fleetlogix-alarms${suffix}`, dashboardName: `FleetLogix-${s.environment}` },
    database: {
      ...s.database,
      identifier: dashed(s.database.identifier, "fleetlogix-db"),
      backupRetentionDays: s.database.backupRetentionDays ?? (production ? 30 : 7),
      publiclyAccessible: s.database.publiclyAccessible ?? !production,
    },
    functions: {
      ...s.functions,
      logRetentionDays: s.functions.logRetentionDays ?? (production ? 365 : 30),
      names: {
        "verify-delivery": `fleetlogix-verify-delivery${suffix}`,
        "calculate-eta": `fleetlogix-calculate-eta${suffix}`,
        "route-deviation": `fleetlogix-route-deviation${suffix}`,
      },
    },
    api: { ...s.api, name: dashed(s.api.name, "FleetLogixAPI") },
    suffix,
  };
}
