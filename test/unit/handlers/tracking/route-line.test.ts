import fc from "fast-check";
import { expect, test } from "vitest";
import { lengthKm, nearestPoint, type Position } from "../../../../handlers/shared/geodesy.ts";
import { headingAt, positionsNear, prepareRoute, toVector } from "../../../../handlers/tracking/route-line.ts";

const position = fc.record({ lat: fc.double({ min: -80, max: 80, noNaN: true }), lon: fc.double({ min: -180, max: 180, noNaN: true }) });
/** Waypoints at random places, some hundred metres to some kilometres apart. */
const route = fc
  .tuple(
    position,
    fc.array(fc.tuple(fc.double({ min: -0.05, max: 0.05, noNaN: true }), fc.double({ min: -0.05, max: 0.05, noNaN: true })), {
      minLength: 1,
      maxLength: 40,
    }),
  )
  .map(([start, steps]) => wayOf(start, steps));

function wayOf(start: Position, steps: readonly (readonly [number, number])[]): readonly Position[] {
  const way = [start];
  for (const [lat, lon] of steps) {
    const last = way.at(-1) as Position;
    way.push({ lat: last.lat + lat, lon: last.lon + lon });
  }
  return way;
}

test("the nearest place of the whole route is the nearest point, and its lengths are right", () => {
  fc.assert(
    fc.property(
      route,
      fc.double({ min: -0.2, max: 0.2, noNaN: true }),
      fc.double({ min: -0.2, max: 0.2, noNaN: true }),
      (way, lat, lon) => {
        const start = way[0] as Position;
        const fix = { lat: start.lat + lat, lon: start.lon + lon };
        const line = prepareRoute(way);
        const [nearest] = positionsNear(line, toVector(fix), 0, line.lengthM, 1);
        expect(nearest?.offM).toBeCloseTo(nearestPoint(fix, way).distanceKm * 1000, 1);
        expect(line.lengthM).toBeCloseTo(lengthKm(way) * 1000, 1);
      },
    ),
    { numRuns: 500 },
  );
});

test("within a span the nearest place of that span counts, including its ends", () => {
  const line = prepareRoute([
    { lat: 0, lon: 0 },
    { lat: 0, lon: 1 },
  ]);
  const point = toVector({ lat: 0.01, lon: 0.5 });
  expect(positionsNear(line, point, 0, 10_000, 3)).toHaveLength(1);
  expect(positionsNear(line, point, 0, 10_000, 3)[0]?.alongM).toBe(10_000);
  expect(positionsNear(line, point, 0, line.lengthM, 3)[0]?.alongM).toBeCloseTo(line.lengthM / 2, 0);
  expect(positionsNear(line, point, 90_000, line.lengthM, 3)[0]?.alongM).toBe(90_000);
});

test("repeated waypoints and a route without length do no harm", () => {
  const here = { lat: 4.7, lon: -74.1 };
  const line = prepareRoute([here, here, here]);
  expect(positionsNear(line, toVector({ lat: 4.8, lon: -74.1 }), 0, 0, 3)).toMatchObject([
    { alongM: 0, offM: expect.closeTo(11_119.5, 0) },
  ]);
  expect(headingAt(line, { alongM: 0, offM: 0, segment: 0 })).toBeUndefined();
});

test("headings are clockwise from north", () => {
  const way = (lat: number, lon: number) =>
    prepareRoute([
      { lat: 4, lon: -74 },
      { lat: 4 + lat, lon: -74 + lon },
    ]);
  const heading = (lat: number, lon: number) => headingAt(way(lat, lon), { alongM: 0, offM: 0, segment: 0 });
  expect(heading(0.01, 0)).toBeCloseTo(0, 5);
  expect(heading(0, 0.01)).toBeCloseTo(90, 1);
  expect(heading(-0.01, 0)).toBeCloseTo(180, 5);
  expect(heading(0, -0.01)).toBeCloseTo(270, 1);
});
