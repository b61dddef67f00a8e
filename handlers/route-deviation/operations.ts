import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { S3Client } from "@aws-sdk/client-s3";
import type { SNSClient } from "@aws-sdk/client-sns";
import type { RouteFixAnswer } from "../contract/answers.ts";
import { type RouteFix, routeFix } from "../contract/schemas.ts";
import { type Tried, untilUncontended } from "../shared/contention.ts";
import { asFault, eventIdReused } from "../shared/errors.ts";
import { check, parseBody } from "../shared/gateway.ts";
import { nearestPoint, type Position } from "../shared/geodesy.ts";
import { type EventIdentity, identify, recall } from "../shared/identity.ts";
import { loadPlannedRoute } from "../shared/planned-routes.ts";
import { storeRawCopy } from "../shared/raw-copy.ts";
import { toCentimetre, toMetre } from "../shared/rounding.ts";
import type { Call, Operation, Surroundings } from "../shared/serve.ts";
import { getAlerts } from "./alerts.ts";
import { type Decision, decide, type MeasuredFix, mayBeAside, routeKey } from "./episode.ts";
import { findOpenAlert, type LoadedFleet, loadFleet, saveFleet } from "./fleet-store.ts";
import { send } from "./notify.ts";
import { lease, settle } from "./outbox.ts";
import { getRoute, putRoute, routeNotFound } from "./planned.ts";
import type { Message, Rules } from "./state.ts";

export interface DeviationDeps {
  readonly dynamodb: DynamoDBClient;
  readonly s3: S3Client;
  readonly sns: SNSClient;
  readonly bucket: string;
  readonly vehiclesTable: string;
  readonly routesTable: string;
  readonly alertsTable: string;
  readonly topicArn: string;
  /** Where neither the call nor the route names one. */
  readonly thresholdKm: number;
  readonly rules: Rules;
  readonly around: Surroundings;
}

const ROUTE = "POST /route";

export const makeOperations = (deps: DeviationDeps): Readonly<Record<string, Operation>> => ({
  [ROUTE]: (call) => postRoute(deps, call),
  "PUT /route/{route_id}": (call) => putRoute(deps, call),
  "GET /route/{route_id}": (call) => getRoute(deps, call),
  "GET /vehicle/{vehicle_id}/alerts": (call) => getAlerts(deps, call),
});

async function postRoute(deps: DeviationDeps, call: Call): Promise<RouteFixAnswer> {
  const payload = parseBody(call.event);
  const fix = check(routeFix, payload);
  const event = await identifyFix(deps, call, fix);
  const copy = { area: "routes", event, route: ROUTE, receivedAt: call.receivedAt, requestId: call.requestId, payload } as const;
  const raw = await storeRawCopy(deps.s3, deps.bucket, copy, call.signal);
  const { measured, nearest } = await measure(deps, call, fix, event);
  const { decision, leased } = await untilUncontended(makeAttempt(deps, call, measured), deps.around);
  const sent = await send(deps.sns, deps.topicArn, leased, call);
  await settleOutbox(deps, call, fix.vehicle_id, leased, sent);
  const isDeviated = measured.deviationKm > measured.thresholdKm;
  const duplicate = decision.outcome === "duplicate" || (decision.outcome === "late" && raw.seenBefore);
  count(call, decision, duplicate, isDeviated);
  for (const { alert_id, type } of decision.givenUp) call.log("ERROR", "message given up: too many wait to be sent", { alert_id, type });
  return {
    vehicle_id: fix.vehicle_id,
    route_id: fix.route_id ?? null,
    recorded_at: event.at,
    deviation_km: measured.deviationKm,
    threshold_km: measured.thresholdKm,
    is_deviated: isDeviated,
    nearest_point: nearest,
    alert: describeAlert(decision, leased, sent),
    applied: decision.outcome === "applied",
    duplicate,
    raw_key: raw.key,
  };
}

/** An event without a time is looked up first: a retry must find the copy and the time of the first call. */
async function identifyFix(deps: DeviationDeps, call: Call, fix: RouteFix): Promise<EventIdentity> {
  const { event_id: eventId, recorded_at: time, ...content } = fix;
  const event = identify({ operation: ROUTE, eventId, time, content, invocation: call.invocation }, call.receivedAt);
  if (!event.timeless) return event;
  // If the table does not answer, the copy is stored all the same, and the call fails where the state is needed.
  const fleet = await loadFleet(deps, fix.vehicle_id, call.signal).catch(() => undefined);
  const track = fleet?.state.routes[routeKey(fix.route_id)];
  return recall(event, track?.recent_events ?? [], track?.last.id);
}

async function measure(
  deps: DeviationDeps,
  call: Call,
  fix: RouteFix,
  event: EventIdentity,
): Promise<{ measured: MeasuredFix; nearest: Position }> {
  const stored =
    fix.route_id === undefined ? undefined : await loadPlannedRoute(deps.dynamodb, deps.routesTable, fix.route_id, call.signal);
  const waypoints = fix.planned_route ?? stored?.waypoints;
  if (waypoints === undefined) throw routeNotFound();
  const nearest = nearestPoint(fix.position, waypoints);
  const measured: MeasuredFix = {
    event,
    vehicleId: fix.vehicle_id,
    routeId: fix.route_id,
    driverId: fix.driver_id,
    position: fix.position,
    deviationKm: toMetre(nearest.distanceKm),
    thresholdKm: fix.threshold_km ?? stored?.threshold_km ?? deps.thresholdKm,
  };
  return { measured, nearest: toCentimetre(nearest.position) };
}

interface Attempted {
  readonly decision: Decision;
  /** Written as this invocation's to send. */
  readonly leased: readonly Message[];
}

/** Reads, decides and writes once; each time that the alert's sort key is taken, the next attempt opens a millisecond later. */
function makeAttempt(
  deps: DeviationDeps,
  call: Call,
  fix: MeasuredFix,
): (seen: LoadedFleet | undefined) => Promise<Tried<Attempted, LoadedFleet>> {
  let taken = 0;
  return async (seen) => {
    const fleet = seen ?? (await loadFleet(deps, fix.vehicleId, call.signal));
    const now = deps.around.clock().getTime();
    // To the millisecond, always: sort keys compare as text, and `…00.5Z` comes before `…00Z`.
    const openingTime = new Date(fix.event.ms + taken).toISOString();
    const aside = mayBeAside(fleet.state, fix.routeId) ? await findOpenAlert(deps, fix, call.signal) : undefined;
    const decision = decide(fleet.state, fix, deps.rules, { openingTime, nowMs: now, aside });
    if (decision.outcome === "reused") throw eventIdReused();
    const { state, messages } = lease(decision.state, call.invocation, now, now + call.remainingMs() + 1_000);
    if (state === fleet.state) return { done: { decision, leased: [] } };
    const alerts = decision.alertChanged && decision.alert !== undefined ? [decision.alert] : [];
    const saved = await saveFleet(deps, fix.vehicleId, { state, version: fleet.version }, alerts, call.signal);
    if ("taken" in saved) taken += 1;
    return "seen" in saved ? { seen: saved.seen } : { done: { decision, leased: messages } };
  };
}

/** The call's own state is durable by now, so a failure here fails nothing: the lease runs out and the message is sent again. */
async function settleOutbox(deps: DeviationDeps, call: Call, vehicleId: string, leased: readonly Message[], sent: ReadonlySet<string>) {
  if (leased.length === 0) return;
  const notifiedAt = deps.around.clock().toISOString();
  const attempt = async (seen: LoadedFleet | undefined): Promise<Tried<true, LoadedFleet>> => {
    const fleet = seen ?? (await loadFleet(deps, vehicleId, call.signal));
    const { state, alerts } = settle(fleet.state, leased, sent, notifiedAt);
    return saveFleet(deps, vehicleId, { state, version: fleet.version }, alerts, call.signal);
  };
  try {
    await untilUncontended(attempt, deps.around);
  } catch (error) {
    call.log("WARN", "outbox not settled; its messages may be sent twice", { error_name: asFault(error).name });
  }
}

function describeAlert({ alert }: Decision, leased: readonly Message[], sent: ReadonlySet<string>): RouteFixAnswer["alert"] {
  if (alert === undefined) return null;
  const notified = leased.some((message) => message.alert_id === alert.alert_id && sent.has(message.id));
  return { alert_id: alert.alert_id, state: alert.state, notified };
}

function count(call: Call, decision: Decision, duplicate: boolean, isDeviated: boolean): void {
  call.count("Accepted");
  if (duplicate) call.count("Duplicate");
  else if (decision.outcome === "late") call.count("Late");
  if (isDeviated && decision.outcome === "applied") call.count("Deviated");
}
