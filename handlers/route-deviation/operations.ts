import type { RouteFixAnswer } from "../contract/answers.ts";
import { alertsQuery } from "../contract/queries.ts";
import { type RouteFix, routeFix } from "../contract/schemas.ts";
import { retryContended } from "../shared/contention.ts";
import { type ApiError, eventIdReused } from "../shared/errors.ts";
import { nearestPoint, type Position } from "../shared/geodesy.ts";
import { type Copied, type EventResult, type EventRoute, inOrderOf, type Received, receive, storeCopies } from "../shared/intake.ts";
import { loadPlannedRoutes, type PlannedRouteRecord } from "../shared/planned-routes.ts";
import { toCentimetre, toMetre } from "../shared/rounding.ts";
import type { Call, Operations } from "../shared/serve.ts";
import { getVehicleAlerts, makeFleetAlerts } from "./alerts.ts";
import type { DeviationDeps } from "./deps.ts";
import { type Decision, routeKey } from "./episode.ts";
import type { MeasuredFix } from "./fix.ts";
import { send } from "./notify.ts";
import { getRoute, putRoute, routeNotFound } from "./planned-route.ts";
import type { Message } from "./state.ts";
import { loadDeviation, type StoredDeviation } from "./store.ts";
import { makeAttempt, recordSentMessages } from "./write.ts";

const ROUTE = "POST /route";
const AREA = "routes";

export function makeOperations(deps: DeviationDeps): Operations {
  const getFleetAlerts = makeFleetAlerts(deps);
  return {
    [ROUTE]: { run: (call) => receive(makeEventRoute(deps), call) },
    "PUT /route/{route_id}": { run: (call) => putRoute(deps, call) },
    "GET /route/{route_id}": { run: (call) => getRoute(deps, call) },
    "GET /vehicle/{vehicle_id}/alerts": { query: alertsQuery, run: (call) => getVehicleAlerts(deps, call) },
    "GET /alert": { query: alertsQuery, run: getFleetAlerts },
  };
}

const makeEventRoute = (deps: DeviationDeps): EventRoute<RouteFix> => ({
  area: AREA,
  route: ROUTE,
  schema: routeFix as unknown as EventRoute<RouteFix>["schema"],
  subjectOf: ({ vehicle_id: id }) => id,
  claimsOf: ({ event_id: eventId, recorded_at: time, ...content }) => ({ eventId, time, content }),
  handleEvents: (call, id, events) => handleEvents(deps, call, id, events),
});

interface Measured {
  readonly fix: MeasuredFix;
  readonly nearest: Position;
  readonly copied: Copied<RouteFix> & { readonly index: number };
}

async function handleEvents(
  deps: DeviationDeps,
  call: Call,
  id: string,
  events: readonly Received<RouteFix>[],
): Promise<readonly EventResult[]> {
  const found = await loadDeviation(deps, id, call.signal).catch(() => undefined);
  const known = found && { memory: found.state.memory, old: found.old };
  const { copied, failed } = await storeCopies(deps, { area: AREA, route: ROUTE }, call, id, events, known);
  if (copied.length === 0) return inOrderOf(events, failed, new Map());
  const { measured, unknown } = await measureAll(deps, call, copied);
  const results = measured.length === 0 ? new Map<number, EventResult>() : await decideAll(deps, call, id, measured, found);
  return inOrderOf(events, new Map([...failed, ...unknown]), results);
}

async function measureAll(deps: DeviationDeps, call: Call, copied: readonly (Copied<RouteFix> & { readonly index: number })[]) {
  const ids = copied.flatMap(({ update }) => update.route_id ?? []);
  const routes = await loadPlannedRoutes(deps.dynamodb, deps.routesTable, ids, call.signal);
  const unknown = new Map<number, ApiError>();
  const measured: Measured[] = [];
  for (const one of copied) {
    const { update } = one;
    const stored = update.route_id === undefined ? undefined : routes.get(update.route_id);
    const waypoints = update.planned_route ?? stored?.waypoints;
    if (waypoints === undefined) unknown.set(one.index, routeNotFound());
    else measured.push(measure(deps, one, waypoints, stored));
  }
  return { measured, unknown };
}

function measure(
  deps: DeviationDeps,
  copied: Measured["copied"],
  waypoints: readonly Position[],
  stored: PlannedRouteRecord | undefined,
): Measured {
  const { update, event } = copied;
  const nearest = nearestPoint(update.position, waypoints);
  const fix: MeasuredFix = {
    event,
    vehicleId: update.vehicle_id,
    routeId: update.route_id,
    routeKey: routeKey(update),
    driverId: update.driver_id,
    position: update.position,
    speed_kmh: update.speed_kmh,
    accuracy_m: update.accuracy_m,
    heading_deg: update.heading_deg,
    deviationKm: toMetre(nearest.distanceKm),
    thresholdKm: update.threshold_km ?? stored?.threshold_km ?? deps.thresholdKm,
  };
  return { fix, nearest: toCentimetre(nearest.position), copied };
}

async function decideAll(
  deps: DeviationDeps,
  call: Call,
  id: string,
  measured: readonly Measured[],
  found: StoredDeviation | undefined,
): Promise<ReadonlyMap<number, EventResult>> {
  const attempt = makeAttempt(
    deps,
    call,
    id,
    measured.map(({ fix }) => fix),
    found,
  );
  const { decisions, leased } = await retryContended(attempt, deps.runtime);
  const sent = await send(deps.publish, { topicArn: deps.topicArn, locale: deps.locale }, leased, call);
  await recordSentMessages(deps, call, id, leased, sent);
  for (const { alert_id, type } of decisions.flatMap(({ givenUp }) => givenUp))
    call.log("ERROR", "message given up: too many wait to be sent", { alert_id, type });
  return new Map(
    measured.map((one, index) => {
      deps.pending.remove(AREA, id, one.fix.event);
      return [one.copied.index, toResult(call, one, decisions[index] as Decision, leased, sent)] as const;
    }),
  );
}

function toResult(
  call: Call,
  { fix, nearest, copied }: Measured,
  decision: Decision,
  leased: readonly Message[],
  sent: ReadonlySet<string>,
): EventResult {
  const { outcome } = decision;
  if (outcome === "reused") return { error: eventIdReused() };
  const isDeviated = fix.deviationKm > fix.thresholdKm;
  const duplicate = outcome === "duplicate" || (outcome === "late" && copied.seenBefore);
  count(call, outcome, duplicate, isDeviated);
  const answer: RouteFixAnswer = {
    vehicle_id: fix.vehicleId,
    route_id: fix.routeId ?? null,
    recorded_at: fix.event.at,
    deviation_km: fix.deviationKm,
    threshold_km: fix.thresholdKm,
    is_deviated: isDeviated,
    nearest_point: nearest,
    alert: describeAlert(decision, leased, sent),
    applied: outcome === "applied",
    reason: !duplicate && (outcome === "late" || outcome === "implausible") ? outcome : null,
    duplicate,
    time_source: fix.event.timeSource,
    raw_key: copied.rawKey,
  };
  return { answer };
}

function describeAlert({ alert }: Decision, leased: readonly Message[], sent: ReadonlySet<string>): RouteFixAnswer["alert"] {
  if (alert === undefined) return null;
  const notified = leased.some((message) => message.alert_id === alert.alert_id && sent.has(message.id));
  return { alert_id: alert.alert_id, state: alert.state, notified };
}

function count(call: Call, outcome: Decision["outcome"], duplicate: boolean, isDeviated: boolean): void {
  call.count("Accepted");
  if (duplicate) call.count("Duplicate");
  else if (outcome === "late") call.count("Late");
  else if (outcome === "implausible") call.count("Implausible");
  if (isDeviated && outcome === "applied") call.count("Deviated");
}
