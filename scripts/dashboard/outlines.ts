import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { quantize } from "topojson-client";
import { filter, filterWeight, presimplify } from "topojson-simplify";
import type { GeometryCollection, Topology } from "topojson-specification";
import { CITIES } from "./cities.ts";

/**
 * The dashboard's background: the outlines of all countries (Natural Earth 1:10 million, public domain, from `world-atlas`) and the
 * cities in `cities.ts`. The fleet's region keeps its detail. Elsewhere lines are thinned and small islands are left out. All countries
 * are in one topology, so that common borders still match.
 */
type Countries = Topology<{ countries: GeometryCollection<{ name: string }> }>;
/** West, south, east, north of Colombia and its borders. */
const DETAILED = [-82, -5, -66, 13] as const;
/** A point is removed when the triangle of the point and its neighbours is smaller than this, in square degrees. */
const FINE = 0.0002;
const COARSE = 0.02;
/** Number of steps over the world's width: each is 0.0018°, 200 m. */
const STEPS = 2e5;

export function outlines(): string {
  const file = createRequire(import.meta.url).resolve("world-atlas/countries-10m.json");
  const all = JSON.parse(readFileSync(file, "utf8")) as Countries;
  const weighted = presimplify({ ...all, objects: { countries: all.objects.countries } });
  const arcs = weighted.arcs.map((arc) => thinned(arc as unknown as readonly (readonly [number, number, number])[]));
  const thin = { ...weighted, arcs } as unknown as Countries;
  const filtered = filter(thin, filterWeight(thin, COARSE)) as Countries;
  return JSON.stringify({ topology: quantize(filtered, STEPS), cities: CITIES });
}

function thinned(arc: readonly (readonly [number, number, number])[]): number[][] {
  return arc
    .filter(([lon, lat, weight], i) => i === 0 || i === arc.length - 1 || weight >= (isDetailed(lon, lat) ? FINE : COARSE))
    .map(([lon, lat]) => [lon, lat]);
}
function isDetailed(lon: number, lat: number): boolean {
  const [west, south, east, north] = DETAILED;
  return lon >= west && lon <= east && lat >= south && lat <= north;
}
