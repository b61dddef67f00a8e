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

/** Points of the arc between two positions, by spherical interpolation. The code under test uses another method. */
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

test("distances equal those of the ellipsoid within the error of the sphere", () => {
  fc.assert(
    fc.property(position, position, (from, to) => {
      const exact = (Geodesic.WGS84.Inverse(from.lat, from.lon, to.lat, to.lon).s12 ?? Number.NaN) / 1000;
      expect(Math.abs(distanceKm(from, to) - exact)).toBeLessThanOrEqual(0.006 * exact + 1e-6);
    }),
    { numRuns: 2000 },
  );
});

test("a degree of the equator, pole to pole, and Bogotá to Medellín have the known distances", () => {
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

const ellipsoid = (from: Position, to: Position) => (Geodesic.WGS84.Inverse(from.lat, from.lon, to.lat, to.lon).s12 ?? Number.NaN) / 1000;

/** The nearest point of the ellipsoid's geodesic between two positions, by ternary search, with the distance to it and from it to the end. */
function nearestOnEllipsoid(fix: Position, from: Position, to: Position) {
  const line = Geodesic.WGS84.InverseLine(from.lat, from.lon, to.lat, to.lon);
  const length = ellipsoid(from, to);
  const at = (km: number): Position => {
    const { lat2 = Number.NaN, lon2 = Number.NaN } = line.Position(km * 1000);
    return { lat: lat2, lon: lon2 };
  };
  let [low, high] = [0, length];
  for (let i = 0; i < 60; i++) {
    const third = (high - low) / 3;
    if (ellipsoid(fix, at(low + third)) < ellipsoid(fix, at(high - third))) high -= third;
    else low += third;
  }
  return { distanceKm: ellipsoid(fix, at(low)), remainingKm: length - low, position: at(low) };
}

test.each<[string, Position]>([
  ["in the tropics", { lat: 4.6, lon: -74 }],
  ["at the antimeridian", { lat: -17, lon: 180 }],
  ["in the far north", { lat: 70, lon: 25 }],
  ["at the south pole", { lat: -90, lon: 0 }],
])("the nearest point of a segment and what remains from it agree with the ellipsoid within the error of the sphere %s", (_, centre) => {
  fc.assert(
    fc.property(near(centre, 0.5), near(centre, 0.5), near(centre, 0.5), (fix, from, to) => {
      const exact = nearestOnEllipsoid(fix, from, to);
      const nearest = nearestPoint(fix, [from, to]);
      // Two metres, because arc and geodesic differ by that between ends up to 160 km apart.
      expect(Math.abs(nearest.distanceKm - exact.distanceKm)).toBeLessThanOrEqual(0.006 * exact.distanceKm + 0.002);
      // The sphere stretches east relative to north by up to twice its error, which moves the nearest point.
      const error = 0.012 * (exact.distanceKm + exact.remainingKm) + 0.002;
      expect(Math.abs(remainingKm(fix, [from, to]) - exact.remainingKm)).toBeLessThanOrEqual(error);
      expect(ellipsoid(nearest.position, exact.position)).toBeLessThanOrEqual(error);
    }),
    { numRuns: 300 },
  );
});

test("the length of a road and its remaining half equal the ellipsoid's sum of segments", () => {
  const road = Array.from({ length: 2000 }, (_, i) => ({ lat: 4.7 + i * 0.002, lon: -74 - Math.sin(i / 40) * 0.3 }));
  const exact = (from: number) => road.slice(from, -1).reduce((sum, one, i) => sum + ellipsoid(one, road[from + i + 1] as Position), 0);
  expect(Math.abs(lengthKm(road) / exact(0) - 1)).toBeLessThan(0.006);
  expect(Math.abs(remainingKm(road[1000] as Position, road) / exact(1000) - 1)).toBeLessThan(0.006);
});

test("a point beside a segment's middle is measured to the segment, not to its ends", () => {
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

test("a point one metre beside a segment of ten metres is measured exactly", () => {
  const metre = 1 / (1000 * EARTH_RADIUS_KM * (Math.PI / 180));
  const waypoints = [
    { lat: 4.6, lon: -74 },
    { lat: 4.6 + 10 * metre, lon: -74 },
  ];
  const beside = { lat: 4.6 + 5 * metre, lon: -74 + metre / Math.cos((4.6 * Math.PI) / 180) };
  expect(nearestPoint(beside, waypoints).distanceKm * 1000).toBeCloseTo(1, 6);
});

test("the remaining distance is that from the nearest point to the end", () => {
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
