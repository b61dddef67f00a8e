import type { Call } from "./drive.ts";
import type { Event, Parcel, Trip } from "./messages.ts";
import { expectedFixes } from "./model.ts";
import type { Plan } from "./plan.ts";

/** Start of the run, ms since 1970 by this machine's clock. Events with a wrong clock get a time after it. */
export interface Verification {
  readonly beganMs: number;
}

/** Allowed difference between this machine's clock and the API's. */
const CLOCKS_APART_MS = 60_000;
/** Tolerance of the remaining distance, because of noise and of curves that a route's waypoints cut. */
const REMAINING_KM = 0.5;

/** Reads every vehicle, delivery and alert of the plan from the API. Returns the differences from the model, one in a line. */
export async function differencesOf(plan: Plan, call: Call, run: Verification): Promise<string[]> {
  return (await Promise.all(plan.trips.map((trip) => tripDifferences(trip, call, run)))).flat();
}

async function tripDifferences(trip: Trip, call: Call, run: Verification): Promise<string[]> {
  const { newest, episodes } = expectedFixes(trip);
  const parcels = await Promise.all(trip.parcels.map((parcel) => parcelDifferences(parcel, call, run)));
  const vehicle = await call("GET", `/vehicle/${trip.vehicleId}`);
  const alerts = await call("GET", `/vehicle/${trip.vehicleId}/alerts?limit=100`);
  const found = ((alerts.body.alerts ?? []) as readonly AlertItem[]).map(wordsOf).reverse();
  const expected = episodes.map(({ state, reason }) => wordsOf({ state, close_reason: reason ?? null }));
  return [
    ...parcels.flat(),
    ...vehicleDifferences(trip, vehicle.body, newest, run),
    ...differs(`vehicle ${trip.vehicleId} alerts`, found.join(", "), expected.join(", ")),
  ];
}

interface AlertItem {
  readonly state: string;
  readonly close_reason: string | null;
}
const wordsOf = ({ state, close_reason: reason }: AlertItem): string => (reason === null ? state : `${state} (${reason})`);

function vehicleDifferences(
  { vehicleId, remainingKm }: Trip,
  is: Readonly<Record<string, unknown>>,
  newest: Event | undefined,
  run: Verification,
) {
  const km = is.remaining_distance_km;
  const isFar = remainingKm !== undefined && !(typeof km === "number" && Math.abs(km - remainingKm) <= REMAINING_KM);
  return [
    ...differsInTime(`vehicle ${vehicleId} recorded_at`, is.recorded_at, newest?.ms ?? "server", run),
    ...differs(`vehicle ${vehicleId} position`, JSON.stringify(is.position), JSON.stringify(newest?.body.position)),
    ...(isFar ? [`vehicle ${vehicleId} remaining_distance_km: is ${JSON.stringify(km)}, expected about ${remainingKm?.toFixed(3)}`] : []),
  ];
}

async function parcelDifferences({ deliveryId, expected }: Parcel, call: Call, run: Verification): Promise<string[]> {
  const { body: is } = await call("GET", `/delivery/${deliveryId}`);
  const what = (field: string) => `delivery ${deliveryId} ${field}`;
  return [
    ...differs(what("status"), is.status, expected.status),
    ...differs(what("is_completed"), is.is_completed, expected.status === "delivered"),
    ...differsInTime(what("updated_at"), is.updated_at, expected.updatedMs, run),
    ...(expected.deliveredMs === null
      ? differs(what("delivered_at"), is.delivered_at, null)
      : differsInTime(what("delivered_at"), is.delivered_at, expected.deliveredMs, run)),
  ];
}

const differs = (what: string, is: unknown, expected: unknown): string[] =>
  is === expected ? [] : [`${what}: is ${JSON.stringify(is) ?? "absent"}, expected ${JSON.stringify(expected) ?? "absent"}`];

/** Compares times as moments, because the fraction of a second may be missing in the text. */
function differsInTime(what: string, is: unknown, expected: number | "server", { beganMs }: Verification): string[] {
  const ms = typeof is === "string" ? Date.parse(is) : Number.NaN;
  const isRight = expected === "server" ? ms >= beganMs - CLOCKS_APART_MS && ms <= Date.now() + CLOCKS_APART_MS : ms === expected;
  const right = expected === "server" ? "a time of this run" : new Date(expected).toISOString();
  return isRight ? [] : [`${what}: is ${JSON.stringify(is) ?? "absent"}, expected ${right}`];
}
