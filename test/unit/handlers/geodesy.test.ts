import fc from "fast-check";
import { Geodesic } from "geographiclib-geodesic";
import { expect, test } from "vitest";
import { distanceKm, EARTH_RADIUS_KM, lengthKm, nearestPoint, type Position, remainingKm } from "../../../handlers/shared/geodesy.ts";

const position = fc.record({
  lat: fc.double({ min: -90, max: 90, noNaN: true }),
  lon: fc.double({ min: -180, max: 180, noNaN: true }),
});
const near = (centre: Position, degrees: number) =>
  fc
    .record({
      dLat: fc.double({ min: -degrees, max: degrees, noNaN: true }),
      dLon: fc.double({ min: -degrees, max: degrees, noNaN: true }),
    })
    .map(({ dLat, dLon }) => ({
      lat: Math.max(-90, Math.min(90, centre.lat + dLat)),
      lon: ((((centre.lon + dLon + 180) % 360) + 360) % 360) - 180,
    }));

/** Points of the arc between two positions, by spherical interpolation: another way than the code under test goes. */
function sample(from: Position, to: Position, steps: number): Position[] {
  const rad = Math.PI / 180;
  const vector = ({ lat, lon }: Position) => [
    Math.cos(lat * rad) * Math.cos(lon * rad),
    Math.cos(lat * rad) * Math.sin(lon * rad),
    Math.sin(lat * rad),
  ];
  const [a, b] = [vector(from), vector(to)];
  const angle = distanceKm(from, to) / EARTH_RADIUS_KM;
  if (angle < 1e-12) return [from];
  return Array.from({ length: steps + 1 }, (_, i) => {
    const [u, v] = [Math.sin((1 - i / steps) * angle) / Math.sin(angle), Math.sin((i / steps) * angle) / Math.sin(angle)];
    const [x, y, z] = [0, 1, 2].map((k) => u * (a[k] as number) + v * (b[k] as number)) as [number, number, number];
    return { lat: Math.atan2(z, Math.hypot(x, y)) / rad, lon: Math.atan2(y, x) / rad };
  });
}

test("distances agree with the ellipsoid within the error of the sphere", () => {
  fc.assert(
    fc.property(position, position, (from, to) => {
      const exact = (Geodesic.WGS84.Inverse(from.lat, from.lon, to.lat, to.lon).s12 ?? Number.NaN) / 1000;
      expect(Math.abs(distanceKm(from, to) - exact)).toBeLessThanOrEqual(0.006 * exact + 1e-6);
    }),
    { numRuns: 2000 },
  );
});

test("known distances: a degree of the equator, pole to pole, Bogotá to Medellín", () => {
  expect(distanceKm({ lat: 0, lon: 0 }, { lat: 0, lon: 1 })).toBeCloseTo((Math.PI / 180) * EARTH_RADIUS_KM, 9);
  expect(distanceKm({ lat: 90, lon: 0 }, { lat: -90, lon: 77 })).toBeCloseTo(Math.PI * EARTH_RADIUS_KM, 6);
  expect(distanceKm({ lat: 4.711, lon: -74.0721 }, { lat: 6.2442, lon: -75.5812 })).toBeCloseTo(238.7, 0);
  expect(distanceKm({ lat: 10, lon: 179.9 }, { lat: 10, lon: -179.9 })).toBeCloseTo(
    distanceKm({ lat: 10, lon: 0.1 }, { lat: 10, lon: -0.1 }),
    9,
  );
});

test.each<[string, Position]>([
  ["in the tropics", { lat: 4.6, lon: -74 }],
  ["at the antimeridian", { lat: -17, lon: 180 }],
  ["at the north pole", { lat: 90, lon: 0 }],
  ["near the south pole", { lat: -89.99, lon: 45 }],
])("the nearest point is as near as dense sampling of the segments finds one %s", (_, centre) => {
  const route = fc.array(near(centre, 2), { minLength: 2, maxLength: 6 });
  fc.assert(
    fc.property(near(centre, 3), route, (fix, waypoints) => {
      const nearest = nearestPoint(fix, waypoints);
      const samples = waypoints.slice(1).flatMap((to, i) => sample(waypoints[i] as Position, to, 400));
      const sampled = Math.min(...samples.map((one) => distanceKm(fix, one)));
      const spacing = Math.max(...waypoints.slice(1).map((to, i) => distanceKm(waypoints[i] as Position, to))) / 400;
      expect(nearest.distanceKm).toBeLessThanOrEqual(sampled + 1e-6);
      expect(nearest.distanceKm).toBeGreaterThanOrEqual(sampled - spacing - 1e-6);
      expect(distanceKm(fix, nearest.position)).toBeCloseTo(nearest.distanceKm, 5);
    }),
    { numRuns: 300 },
  );
});

test("a point beside a segment's middle is measured to the segment, not to its corners", () => {
  const nearest = nearestPoint({ lat: 0.01, lon: 0.5 }, [
    { lat: 0, lon: 0 },
    { lat: 0, lon: 1 },
  ]);
  expect(nearest.distanceKm).toBeCloseTo(1.112, 3);
  expect(nearest.position.lon).toBeCloseTo(0.5, 9);
  expect(nearest.segment).toBe(0);
});

test("segments of zero length and antipodal ends count as their ends", () => {
  const here = { lat: 4, lon: -74 };
  expect(nearestPoint({ lat: 5, lon: -74 }, [here, here]).distanceKm).toBeCloseTo(distanceKm(here, { lat: 5, lon: -74 }), 6);
  expect(nearestPoint(here, [here, here])).toEqual({ position: here, distanceKm: 0, segment: 0 });
  const antipodes = [
    { lat: 0, lon: 0 },
    { lat: 0, lon: 180 },
  ];
  expect(nearestPoint({ lat: 80, lon: 0 }, antipodes).distanceKm).toBeCloseTo(distanceKm({ lat: 80, lon: 0 }, { lat: 0, lon: 0 }), 6);
});

test("a route over the pole is followed over the pole", () => {
  const overPole = [
    { lat: 89, lon: 0 },
    { lat: 89, lon: 180 },
  ];
  expect(nearestPoint({ lat: 90, lon: 0 }, overPole).distanceKm).toBeCloseTo(0, 9);
  expect(nearestPoint({ lat: 89.5, lon: 90 }, overPole).distanceKm).toBeCloseTo(distanceKm({ lat: 90, lon: 0 }, { lat: 89.5, lon: 0 }), 6);
});

test("metres matter: a metre beside a segment of ten metres", () => {
  const metre = 1 / (1000 * EARTH_RADIUS_KM * (Math.PI / 180));
  const waypoints = [
    { lat: 4.6, lon: -74 },
    { lat: 4.6 + 10 * metre, lon: -74 },
  ];
  const beside = { lat: 4.6 + 5 * metre, lon: -74 + metre / Math.cos((4.6 * Math.PI) / 180) };
  expect(nearestPoint(beside, waypoints).distanceKm * 1000).toBeCloseTo(1, 6);
});

test("what remains is the way from the nearest point to the end", () => {
  const waypoints = [
    { lat: 0, lon: 0 },
    { lat: 0, lon: 1 },
    { lat: 1, lon: 1 },
  ];
  const degree = (Math.PI / 180) * EARTH_RADIUS_KM;
  expect(lengthKm(waypoints)).toBeCloseTo(2 * degree, 6);
  expect(remainingKm({ lat: 0.01, lon: 0.25 }, waypoints)).toBeCloseTo(1.75 * degree, 4);
  expect(remainingKm({ lat: 1, lon: 1 }, waypoints)).toBeCloseTo(0, 6);
  expect(remainingKm({ lat: 0, lon: -1 }, waypoints)).toBeCloseTo(2 * degree, 6);
});

test("progress along a route never gains distance", () => {
  fc.assert(
    fc.property(fc.array(near({ lat: 4, lon: -74 }, 1), { minLength: 2, maxLength: 8 }), (waypoints) => {
      const remaining = remainingKm(waypoints[0] as Position, waypoints);
      expect(remaining).toBeLessThanOrEqual(lengthKm(waypoints) + 1e-6);
    }),
  );
});
