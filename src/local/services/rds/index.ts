import type { Call, LocalEnv, LocalService, Permission } from "../../core/service.ts";
import { loadModel } from "../../core/validation.ts";
import { catalogOperations } from "./catalog.ts";
import { changeOperations } from "./changes.ts";
import { rdsState } from "./documents.ts";
import { noEngine, postgresEngine } from "./engine.ts";
import { eventSubscriptionOperations } from "./event-subscriptions.ts";
import { refuseInput } from "./input-rules.ts";
import { createInstanceRegistry } from "./instance-registry.ts";
import { instanceOperations } from "./instances.ts";
import { lifecycleOperations } from "./lifecycle.ts";
import { removeOrphanedDatabases } from "./orphaned-databases.ts";
import { parameterGroupOperations } from "./parameter-groups.ts";
import { pointInTimeOperations } from "./point-in-time.ts";
import type { Rds } from "./rds.ts";
import { resume } from "./resume.ts";
import { snapshotAttributeOperations } from "./snapshot-attributes.ts";
import { snapshotOperations } from "./snapshots.ts";
import { subnetGroupOperations } from "./subnet-groups.ts";
import { supervise } from "./supervision.ts";
import { tagOperations } from "./tags.ts";

/** RDS for PostgreSQL. Every instance is a real server. */
export function rdsService(env: LocalEnv): LocalService {
  const state = rdsState(env.store);
  const engine = env.settings.databases === "real" ? postgresEngine(env) : noEngine;
  const instances = createInstanceRegistry(env, state, engine);
  const rds: Rds = { env, state, engine, instances };
  const supervision = supervise(rds);
  return {
    name: "rds",
    sdk: () => import("@aws-sdk/client-rds"),
    model: () => loadModel("rds"),
    pageTokens: { all: ["Marker", "Marker"] },
    inputRules: { refuse: refuseInput },
    operations: {
      ...instanceOperations(rds),
      ...changeOperations(rds),
      ...lifecycleOperations(rds),
      ...snapshotOperations(rds),
      ...snapshotAttributeOperations(rds),
      ...pointInTimeOperations(rds),
      ...parameterGroupOperations(rds),
      ...subnetGroupOperations(rds),
      ...eventSubscriptionOperations(rds),
      ...tagOperations(rds),
      ...catalogOperations(rds),
    },
    permissions: (operation, input, call) => [permissionOf(env, operation, input, call)],
    async start() {
      if (env.settings.databases === "real") await removeOrphanedDatabases(env.log);
      await resume(rds);
    },
    // The names of the databases that the folders belong to, for `local status`.
    async http(_request, response, { pathname }) {
      if (pathname !== "/_local/databases") return false;
      const names = Object.fromEntries(instances.list().map((one) => [one.resourceId, one.id]));
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(names));
      return true;
    },
    async stop() {
      supervision.end();
      await instances.idle();
      await Promise.all(instances.list().map((one) => engine.stop(one.resourceId)));
    },
    facts: () => ({
      databases: instances.list().length,
      ports: instances
        .list()
        .filter((one) => instances.statusOf(one) === "available")
        .map((one) => `${one.id}:${one.port}`)
        .join(" "),
    }),
  };
}

/** Input member → resource type in the ARN (Service Authorization Reference, Amazon RDS). The first member that the input has counts. */
const NAMED: readonly (readonly [member: string, kind: string])[] = [
  ["DBSnapshotIdentifier", "snapshot"],
  ["DBInstanceIdentifier", "db"],
  ["TargetDBInstanceIdentifier", "db"],
  ["DBParameterGroupName", "pg"],
  ["DBSubnetGroupName", "subgrp"],
  ["SubscriptionName", "es"],
];
function permissionOf(env: LocalEnv, operation: string, input: Record<string, unknown>, { region }: Call): Permission {
  const action = `rds:${operation}`;
  if (typeof input.ResourceName === "string") return { action, resource: input.ResourceName };
  const [member, kind] = NAMED.find(([name]) => typeof input[name] === "string") ?? [];
  return { action, resource: member === undefined ? "*" : `arn:aws:rds:${region}:${env.account}:${kind}:${input[member]}` };
}
