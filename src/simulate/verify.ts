import type { Call } from "./drive.ts";
import { expectedOf, type Plan, type Trip } from "./plan.ts";

/** Asks the API for every vehicle, delivery and alert of the plan: what is not as the model says, one line each. */
export async function differencesOf(plan: Plan, call: Call): Promise<string[]> {
  return (await Promise.all(plan.trips.map((trip) => tripDifferences(trip, call)))).flat();
}

async function tripDifferences(trip: Trip, call: Call): Promise<string[]> {
  const { vehicleId, deliveryId } = trip;
  const { fix, delivery: update, episodes } = expectedOf(trip);
  const vehicle = await call("GET", `/vehicle/${vehicleId}`);
  const delivery = await call("GET", `/delivery/${deliveryId}`);
  const alerts = await call("GET", `/vehicle/${vehicleId}/alerts?limit=100`);
  const states = ((alerts.body.alerts ?? []) as readonly { readonly state: string }[]).map(({ state }) => state).reverse();
  return [
    ...differs(`vehicle ${vehicleId} recorded_at`, timeOf(vehicle.body.recorded_at), timeOf(fix?.recorded_at)),
    ...differs(`vehicle ${vehicleId} position`, JSON.stringify(vehicle.body.position), JSON.stringify(fix?.position)),
    ...differs(`delivery ${deliveryId} status`, delivery.body.status, update?.status),
    ...differs(`delivery ${deliveryId} updated_at`, timeOf(delivery.body.updated_at), timeOf(update?.occurred_at)),
    ...differs(`delivery ${deliveryId} is_completed`, delivery.body.is_completed, update?.status === "delivered"),
    ...differs(`vehicle ${vehicleId} alerts`, states.join(", "), episodes.join(", ")),
  ];
}

const differs = (what: string, is: unknown, expected: unknown): string[] =>
  is === expected ? [] : [`${what}: is ${JSON.stringify(is) ?? "absent"}, expected ${JSON.stringify(expected) ?? "absent"}`];
/** Times compare as moments, not as texts: the fraction of a second may be written or not. */
const timeOf = (text: unknown): number | undefined => (typeof text === "string" ? Date.parse(text) : undefined);
