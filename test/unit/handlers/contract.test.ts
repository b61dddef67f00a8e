import { expect, test } from "vitest";
import * as z from "zod/mini";
import { decide as decideFix } from "../../../handlers/calculate-eta/domain.ts";
import { makeOperations as etaOperations } from "../../../handlers/calculate-eta/operations.ts";
import { ERROR_CODES } from "../../../handlers/contract/error-codes.ts";
import * as examples from "../../../handlers/contract/examples.ts";
import { FUNCTIONS } from "../../../handlers/contract/functions.ts";
import { ROUTES } from "../../../handlers/contract/routes.ts";
import { vehicleFix } from "../../../handlers/contract/schemas.ts";
import { decide } from "../../../handlers/route-deviation/episode.ts";
import type { MeasuredFix } from "../../../handlers/route-deviation/fix.ts";
import { makeOperations as deviationOperations } from "../../../handlers/route-deviation/operations.ts";
import { EMPTY } from "../../../handlers/route-deviation/state.ts";
import { lengthKm, nearestPoint } from "../../../handlers/shared/geodesy.ts";
import { identify } from "../../../handlers/shared/identity.ts";
import { rawKey } from "../../../handlers/shared/raw-copy.ts";
import { toCentimetre, toMetre } from "../../../handlers/shared/rounding.ts";
import { makeOperations as deliveryOperations } from "../../../handlers/verify-delivery/operations.ts";

const nothing = {} as never;
const TRACKING = { speedWindowMinutes: 10, stoppedAfterMinutes: 5, maxSpeedKmh: 200, maxAccuracyM: 200 };
const OPERATIONS: Record<string, readonly string[]> = {
  "verify-delivery": Object.keys(deliveryOperations(nothing)),
  "calculate-eta": Object.keys(etaOperations(nothing)),
  "route-deviation": Object.keys(deviationOperations(nothing)),
};
const schemasOf = (route: (typeof ROUTES)[number]) =>
  [route.request, route.response, ...[...route.pathParameters, ...route.queryParameters].map((one) => one.schema)].filter(
    (one) => one !== undefined,
  );

test("each function has exactly the operations of the table of routes", () => {
  for (const { name } of FUNCTIONS) {
    const declared = ROUTES.filter((route) => route.function === name).map((route) => `${route.method} ${route.path}`);
    expect([...(OPERATIONS[name] ?? [])].sort()).toEqual(declared.sort());
  }
});

test.each(ROUTES.map((route) => [`${route.method} ${route.path}`, route] as const))(
  "%s: schemas become OpenAPI 3.0, examples fit them",
  (_, route) => {
    for (const schema of schemasOf(route)) {
      const json = z.toJSONSchema(schema, { target: "openapi-3.0", io: "input", unrepresentable: "any" });
      expect(JSON.stringify(json)).not.toContain("$ref");
      expect(Object.keys(json).length).toBeGreaterThan(0);
    }
    if (route.request !== undefined) {
      expect(z.safeParse(route.request, route.example.request).error).toBeUndefined();
      expect(z.safeParse(route.request, { ...(route.example.request as object), surprise: 1 }).success).toBe(false);
    }
    expect(z.safeParse(route.response, route.example.response).error).toBeUndefined();
    for (const parameter of route.pathParameters)
      expect(z.safeParse(parameter.schema, route.example.pathParameters[parameter.name]).success).toBe(true);
    expect([...route.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1])).toEqual(route.pathParameters.map((one) => one.name));
    const statuses = new Set<number>(Object.values(ERROR_CODES).map((code) => code.status));
    for (const status of route.errors) expect(statuses).toContain(status);
  },
);

test("the functions calculate the answers of the examples", () => {
  const { event_id: eventId, recorded_at: time, ...content } = examples.vehicleFix;
  const event = identify({ operation: "POST /vehicle", eventId, time, content, invocation: "i" }, new Date());
  const reported = { event, fix: z.parse(vehicleFix, examples.vehicleFix) };
  const { arrival } = decideFix({ vehicle_id: "V-17", memory: [] }, reported, { rules: TRACKING, nowMs: Date.now() });
  const receipt = { applied: true, reason: null, duplicate: false, time_source: "client" };
  expect({ ...arrival, ...receipt, raw_key: rawKey("vehicles", "V-17", event) }).toEqual(examples.vehicleFixAnswer);
  expect(examples.plannedRouteAnswer.length_km).toBe(toMetre(lengthKm(examples.plannedRoute.waypoints)));
  const nearest = nearestPoint(examples.routeFix.position, examples.plannedRoute.waypoints);
  expect(examples.routeFixAnswer.deviation_km).toBe(toMetre(nearest.distanceKm));
  expect(examples.routeFixAnswer.nearest_point).toEqual(toCentimetre(nearest.position));
  const fix: MeasuredFix = {
    event: identify(
      { operation: "POST /route", eventId: examples.routeFix.event_id, time: examples.routeFix.recorded_at, content: {}, invocation: "i" },
      new Date(),
    ),
    vehicleId: "V-17",
    routeId: "R-BOG-7",
    routeKey: "R-BOG-7",
    driverId: "C-44",
    position: examples.routeFix.position,
    deviationKm: toMetre(nearest.distanceKm),
    thresholdKm: 1.5,
  };
  const { alert } = decide(EMPTY, fix, { rules: { renotifyMs: 1, confirmFixes: 1 }, tracking: TRACKING, nowMs: Date.now() });
  expect(examples.routeFixAnswer.alert.alert_id).toBe(alert?.alert_id);
});

test("functions have permissions for single actions on their resources, never a wildcard", () => {
  for (const { grants } of FUNCTIONS) {
    for (const { actions, resource, prefix } of grants) {
      for (const action of actions) expect(action).toMatch(/^(dynamodb|s3|sns):[A-Z][A-Za-z]+$/);
      if (resource === "bucket.raw") expect(prefix).toMatch(/^raw-data\/[a-z]+\/$/);
    }
  }
});
