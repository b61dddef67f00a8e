import type { Audit, AuditRow } from "../contract.ts";
import type { Session } from "../session.ts";
import { lookAtApi } from "./api.ts";
import { CONTROLS, type Control } from "./controls.ts";
import { lookAtDatabase, lookAtNetwork, lookAtSecret } from "./database.ts";
import type { Look, Seen } from "./finding.ts";
import { lookAtFunctions, lookAtRoles } from "./functions.ts";
import { lookAtKey } from "./key.ts";
import { lookAtAlarms, lookAtLogs, lookAtTopics } from "./messages.ts";
import { lookAtBuckets, lookAtTables } from "./storage.ts";

const LOOKS: readonly Look[] = [
  ...[lookAtBuckets, lookAtTables, lookAtDatabase, lookAtSecret, lookAtNetwork, lookAtTopics, lookAtAlarms],
  ...[lookAtLogs, lookAtFunctions, lookAtRoles, lookAtApi, lookAtKey],
];

/** Checks the live stack against every control. Reads only. */
export async function audit(session: Session): Promise<Audit> {
  const seen = (await Promise.all(LOOKS.map((look) => look(session)))).flat();
  const byControl = new Map(CONTROLS.map(({ id }) => [id, seen.filter(({ control }) => control === id)]));
  const rows = CONTROLS.map((control) => rowOf(control, byControl.get(control.id) ?? [], session));
  const count = (status: AuditRow["status"]) => rows.filter((row) => row.status === status).length;
  const grave = rows.filter(({ status, severity }) => status === "fail" && (severity === "critical" || severity === "high"));
  return {
    stack: session.stackName,
    hardening: session.config.hardening,
    ok: grave.length === 0,
    summary: { pass: count("pass"), fail: count("fail"), declined: count("declined") },
    controls: rows,
  };
}

function rowOf(control: Control, seen: readonly Seen[], { config }: Session): AuditRow {
  const { id, class: kind, service, severity, title } = control;
  const base = { id, class: kind, service, severity, title };
  const declined = (reason: string): AuditRow => ({ ...base, status: "declined", reason, resources: [] });
  if (kind === "declined") return declined(control.reason ?? "");
  if (kind === "prod" && config.hardening !== "production")
    return declined(`required in production only${control.reason ? `: ${control.reason}` : ""}`);
  if (id === "api.firewall" && !config.api.waf) return declined("the configuration says api.waf: false");
  if (seen.length === 0) return declined(control.absent ?? "the stack has no resource for this control");
  const resources = seen.map(({ resource, ok, message }) => ({ name: resource, ok, message }));
  return { ...base, status: seen.every(({ ok }) => ok) ? "pass" : "fail", reason: null, resources };
}
