import { audit } from "./app/audit/audit.ts";
import { applyUp, planUp } from "./app/changes.ts";
import type { OpenApp } from "./app/contract.ts";
import { openDashboard } from "./app/dashboard.ts";
import { databaseActions } from "./app/database.ts";
import { examine } from "./app/doctor.ts";
import { invoke } from "./app/invoke.ts";
import { createKey, listKeys, revokeKey } from "./app/keys.ts";
import { lakeActions } from "./app/lake.ts";
import { forceUnlock, lockHolder } from "./app/locking.ts";
import { readLogs } from "./app/logs.ts";
import { readOutputs } from "./app/outputs.ts";
import { inParts, permissionsFor } from "./app/permissions.ts";
import { redeployer } from "./app/redeploy.ts";
import { rollBack } from "./app/rollback.ts";
import { openSession } from "./app/session.ts";
import { readStatus } from "./app/status/status.ts";
import { applyTeardown, planTeardown } from "./app/teardown.ts";
import { signCall } from "./aws/sign.ts";
import { lakeColumns } from "./lake/events.ts";
import { openApiDocument as describeApi, type OpenApiDocument } from "./stack/openapi.ts";
import { snowflakeSql } from "./stack/snowflake.ts";

/** The API as an OpenAPI document, the one that its documentation is made of. Needs no AWS. */
export const openApiDocument = (): OpenApiDocument => describeApi({ for: "docs" });

export type * from "./app/contract.ts";
export { resourceIds } from "./app/resource-ids.ts";
export { profileNames } from "./aws/endpoints.ts";

/** Finds account and region (the first call), then returns the actions of the app. */
export const openApp: OpenApp = async (config, options) => {
  const session = await openSession(config, options);
  return {
    place: session.place,
    stack: session.stackName,
    plan: (scope, how) => planUp(session, scope, how),
    apply: (scope, how, emit) => applyUp(session, scope, how, emit),
    redeployer: (names) => redeployer(session, names),
    planTeardown: (how) => planTeardown(session, how),
    teardown: (how, emit) => applyTeardown(session, how, emit),
    status: () => readStatus(session),
    lockHolder: () => lockHolder(session),
    outputs: (how) => readOutputs(session, how),
    rollBack: (names, version) => rollBack(session, names, version),
    invoke: (name, event) => invoke(session, name, event),
    logs: (names, how) => readLogs(session, names, how),
    signCall: (call) => signCall(session.clients, session.place.region, call),
    database: databaseActions(session),
    keys: () => listKeys(session),
    createKey: (name, limits) => createKey(session, name, limits),
    revokeKey: (name) => revokeKey(session, name),
    lake: lakeActions(session),
    snowflakeSql: () => snowflakeSql(session.config, session.place, lakeColumns()),
    dashboard: (settings) => openDashboard(session, settings),
    doctor: (hear) => examine(session, hear),
    audit: () => audit(session),
    permissions: (command) => permissionsFor(session, command),
    permissionParts: (command) => inParts(permissionsFor(session, command)),
    forceUnlock: () => forceUnlock(session),
  };
};
