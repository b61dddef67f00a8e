export interface Position {
  readonly lat: number;
  readonly lon: number;
}
export interface Road {
  readonly id: string;
  readonly name: string;
  readonly waypoints: readonly Position[];
}

const RADIUS_KM = 6371.0088;
const RAD = Math.PI / 180;

const road = (id: string, name: string, points: readonly (readonly [number, number])[]): Road => ({
  id: `sim-${id}`,
  name,
  waypoints: points.map(([lat, lon]) => ({ lat, lon })),
});

/** Main roads between the fleet's cities, approximately, with the towns on the way in order. */
export const ROADS: readonly Road[] = [
  road("bogota-medellin", "Bogotá – Medellín", [
    [4.711, -74.072],
    [4.815, -74.354],
    [5.013, -74.473],
    [5.193, -74.599],
    [5.207, -74.736],
    [5.452, -74.663],
    [5.78, -74.6],
    [5.906, -74.745],
    [5.982, -74.88],
    [6.04, -74.99],
    [6.062, -75.189],
    [6.151, -75.374],
    [6.244, -75.581],
  ]),
  road("bogota-cali", "Bogotá – Cali", [
    [4.711, -74.072],
    [4.579, -74.217],
    [4.343, -74.362],
    [4.204, -74.642],
    [4.149, -74.884],
    [4.294, -75.021],
    [4.439, -75.232],
    [4.441, -75.43],
    [4.534, -75.681],
    [4.328, -75.83],
    [4.268, -75.933],
    [4.085, -76.195],
    [3.901, -76.302],
    [3.539, -76.304],
    [3.452, -76.532],
  ]),
  road("medellin-cali", "Medellín – Cali", [
    [6.244, -75.581],
    [6.093, -75.636],
    [5.961, -75.711],
    [5.791, -75.786],
    [5.603, -75.821],
    [5.417, -75.704],
    [5.241, -75.781],
    [5.065, -75.867],
    [4.814, -75.946],
    [4.746, -75.912],
    [4.538, -76.105],
    [4.405, -76.153],
    [4.085, -76.195],
    [3.901, -76.302],
    [3.452, -76.532],
  ]),
  road("medellin-cartagena", "Medellín – Cartagena", [
    [6.244, -75.581],
    [6.555, -75.828],
    [6.963, -75.418],
    [7.172, -75.763],
    [7.58, -75.35],
    [7.989, -75.198],
    [8.409, -75.584],
    [8.948, -75.446],
    [9.244, -75.145],
    [9.305, -75.396],
    [9.527, -75.583],
    [9.954, -75.083],
    [10.255, -75.341],
    [10.391, -75.479],
  ]),
  road("bogota-barranquilla", "Bogotá – Barranquilla", [
    [4.711, -74.072],
    [5.026, -74.004],
    [5.207, -74.736],
    [5.452, -74.663],
    [6.49, -74.4],
    [7.0, -73.91],
    [7.6, -73.56],
    [8.314, -73.617],
    [9.0, -73.62],
    [9.3, -73.8],
    [9.803, -73.93],
    [10.137, -74.02],
    [10.518, -74.187],
    [11.005, -74.247],
    [10.964, -74.796],
  ]),
  road("barranquilla-cartagena", "Barranquilla – Cartagena", [
    [10.964, -74.796],
    [10.987, -74.953],
    [10.93, -75.03],
    [10.88, -75.1],
    [10.795, -75.18],
    [10.744, -75.258],
    [10.66, -75.25],
    [10.57, -75.33],
    [10.51, -75.44],
    [10.45, -75.51],
    [10.391, -75.479],
  ]),
];

/** The point that is the given km east and north of another. */
export const offsetBy = ({ lat, lon }: Position, eastKm: number, northKm: number): Position => ({
  lat: lat + northKm / (RADIUS_KM * RAD),
  lon: lon + eastKm / (RADIUS_KM * RAD * Math.cos(lat * RAD)),
});

/** Great-circle distance (Haversine), in km. */
export function distanceKm(a: Position, b: Position): number {
  const half = (degrees: number) => Math.sin((degrees * RAD) / 2) ** 2;
  const h = half(b.lat - a.lat) + Math.cos(a.lat * RAD) * Math.cos(b.lat * RAD) * half(b.lon - a.lon);
  return 2 * RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** The point `km` from the start, and the unit vector across the road there, in degrees. Beyond the end it is the end. */
export function along({ waypoints }: Road, km: number): { readonly position: Position; readonly across: Position } {
  let left = km;
  for (const [i, a] of waypoints.entries()) {
    const b = waypoints[i + 1];
    if (b === undefined) break;
    const length = distanceKm(a, b);
    if (left <= length || i === waypoints.length - 2) {
      const [dLat, dLon] = [b.lat - a.lat, b.lon - a.lon];
      const [share, norm] = [Math.min(1, left / length), Math.hypot(dLat, dLon)];
      return { position: { lat: a.lat + dLat * share, lon: a.lon + dLon * share }, across: { lat: -dLon / norm, lon: dLat / norm } };
    }
    left -= length;
  }
  throw new RangeError("A road has at least two waypoints.");
}

/**
 * Distance from a point to the nearest point of the road, in km, on the plane that touches the Earth at the point. It is exact enough near
 * the road.
 */
export function offRoadKm({ waypoints }: Road, from: Position): number {
  const [eastKm, northKm] = [RAD * Math.cos(from.lat * RAD) * RADIUS_KM, RAD * RADIUS_KM];
  let nearest = Number.POSITIVE_INFINITY;
  let [ax, ay] = [Number.NaN, Number.NaN];
  for (const { lat, lon } of waypoints) {
    const [bx, by] = [(lon - from.lon) * eastKm, (lat - from.lat) * northKm];
    const [dx, dy] = [bx - ax, by - ay];
    // NaN for a segment without length, and before the first one: then its end counts.
    const share = Math.max(0, Math.min(1, -(ax * dx + ay * dy) / (dx * dx + dy * dy)));
    nearest = Math.min(nearest, Number.isNaN(share) ? Math.hypot(bx, by) : Math.hypot(ax + dx * share, ay + dy * share));
    [ax, ay] = [bx, by];
  }
  return nearest;
}

export const lengthKm = ({ waypoints }: Road): number =>
  waypoints.slice(1).reduce((sum, b, i) => sum + distanceKm(waypoints[i] ?? b, b), 0);
