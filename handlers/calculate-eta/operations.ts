import type { VehicleFixAnswer } from "../contract/answers.ts";
import { vehiclesQuery } from "../contract/queries.ts";
import { type VehicleFix, vehicleFix } from "../contract/schemas.ts";
import { type AttemptResult, retryContended } from "../shared/contention.ts";
import { eventIdReused } from "../shared/errors.ts";
import { type Copied, type EventResult, type EventRoute, inOrderOf, type Received, receive, storeCopies } from "../shared/intake.ts";
import { save } from "../shared/records.ts";
import type { Call, Operations } from "../shared/serve.ts";
import { type Decision, decide, type ReportedFix } from "./domain.ts";
import { getVehicle, listVehicles } from "./read.ts";
import { type StoredVehicle, toRecord, type VehicleRecord } from "./record.ts";
import { address, type EtaDeps, loadRoutes, readVehicle, toVersioned, type VersionedVehicle } from "./store.ts";

const ROUTE = "POST /vehicle";
const AREA = "vehicles";

export const makeOperations = (deps: EtaDeps): Operations => ({
  [ROUTE]: { run: (call) => receive(makeEventRoute(deps), call) },
  "GET /vehicle": { query: vehiclesQuery, run: (call) => listVehicles(deps, call) },
  "GET /vehicle/{vehicle_id}": { run: (call) => getVehicle(deps, call) },
});

const makeEventRoute = (deps: EtaDeps): EventRoute<VehicleFix> => ({
  area: AREA,
  route: ROUTE,
  schema: vehicleFix as unknown as EventRoute<VehicleFix>["schema"],
  subjectOf: ({ vehicle_id: id }) => id,
  claimsOf: ({ event_id: eventId, recorded_at: time, ...content }) => ({ eventId, time, content }),
  handleEvents: (call, id, events) => handleEvents(deps, call, id, events),
});

async function handleEvents(
  deps: EtaDeps,
  call: Call,
  id: string,
  events: readonly Received<VehicleFix>[],
): Promise<readonly EventResult[]> {
  const found = await readVehicle(deps, call, id).catch(() => undefined);
  const known = found && { memory: found.state.memory, old: found.old.length > 0 };
  const { copied, failed } = await storeCopies(deps, { area: AREA, route: ROUTE }, call, id, events, known);
  const results = new Map<number, EventResult>();
  if (copied.length > 0) {
    const routes = await loadRoutes(
      deps,
      copied.flatMap(({ update }) => routeToMeasure(update) ?? []),
      call.signal,
    );
    const reported = copied.map(({ event, update }): ReportedFix => {
      const routeId = routeToMeasure(update);
      return { event, fix: update, route: routeId === undefined ? undefined : (routes.get(routeId) ?? "unknown") };
    });
    const decisions = await retryContended(makeAttempt(deps, call, id, reported, found), deps.runtime);
    for (const [index, one] of copied.entries()) {
      deps.pending.remove(AREA, id, one.event);
      results.set(one.index, toResult(call, one, decisions[index] as Decision));
    }
  }
  return inOrderOf(events, failed, results);
}

/** The route to measure along; undefined when the distance is given. */
const routeToMeasure = (fix: VehicleFix): string | undefined => (fix.remaining_distance_km === undefined ? fix.route_id : undefined);

/** Makes one attempt: reads the state unless it is known, decides about all fixes and writes once. */
function makeAttempt(
  deps: EtaDeps,
  call: Call,
  id: string,
  fixes: readonly ReportedFix[],
  found: VersionedVehicle | undefined,
): (conflicting: VersionedVehicle | undefined) => Promise<AttemptResult<readonly Decision[], VersionedVehicle>> {
  let first = found;
  let written: { readonly writer: string; readonly decisions: readonly Decision[] } | undefined;
  let writes = 0;
  return async (conflicting) => {
    const stored = conflicting ?? first ?? (await readVehicle(deps, call, id));
    first = undefined;
    // The stored version is our own write, whose answer was lost.
    if (written !== undefined && stored.writer === written.writer) return { done: written.decisions };
    const decisions = decideAll(deps, stored, fixes);
    const state = decisions.at(-1)?.state ?? stored.state;
    if (state === stored.state) return { done: decisions };
    const writer = `${call.invocation}/${++writes}`;
    written = { writer, decisions };
    const revision = { ...address(deps, id), version: stored.version, set: toRecord(state, stored.old, writer) };
    const saved = await save<VehicleRecord>(deps.dynamodb, revision, call.signal);
    if (!("conflicting" in saved)) return { done: decisions };
    const otherWrite = saved.conflicting && toVersioned(deps, id, saved.conflicting);
    return otherWrite?.writer === writer ? { done: decisions } : { conflicting: otherWrite };
  };
}

function decideAll(deps: EtaDeps, stored: StoredVehicle, fixes: readonly ReportedFix[]): readonly Decision[] {
  const context = { rules: deps.rules, nowMs: deps.runtime.clock().getTime(), otherTrack: stored.otherTrack };
  let { state } = stored;
  return fixes.map((fix) => {
    const decision = decide(state, fix, context);
    state = decision.state;
    return decision;
  });
}

function toResult(call: Call, { event, rawKey, seenBefore }: Copied<VehicleFix>, { outcome, arrival }: Decision): EventResult {
  if (outcome === "reused") return { error: eventIdReused() };
  const duplicate = outcome === "duplicate" || (outcome === "late" && seenBefore);
  call.count("Accepted");
  if (duplicate) call.count("Duplicate");
  else if (outcome === "late") call.count("Late");
  else if (outcome === "implausible") call.count("Implausible");
  const reason = !duplicate && (outcome === "late" || outcome === "implausible") ? outcome : null;
  const receipt = { applied: outcome === "applied", reason, duplicate, time_source: event.timeSource, raw_key: rawKey };
  const answer: VehicleFixAnswer = { ...arrival, ...receipt };
  return { answer };
}
