import { divIcon, geoJSON, type Map as LeafletMap, layerGroup, marker, type Point, type Renderer, tileLayer } from "leaflet";
import { feature } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import { readTheme } from "./theme.ts";

interface Outlines {
  readonly topology: Topology<{ countries: GeometryCollection }>;
  readonly cities: readonly (readonly [name: string, lat: number, lon: number, rank: number])[];
}
export interface Background {
  /** Replaces the outlines with images of a tile server. */
  useTiles(template: string): void;
  retheme(): void;
}

const MOST_ZOOM = 18;
/** Space for a name. Where two names would overlap, the name of the larger city is shown. */
const NAME_PX = { width: 95, height: 17 };

/** Draws country outlines and city names. They are part of the package, so the map needs no internet. */
export async function addBackground(map: LeafletMap, renderer: Renderer): Promise<Background> {
  const { topology, cities } = (await (await fetch("/outlines.json")).json()) as Outlines;
  const style = () => {
    const { land, border } = readTheme();
    return { color: border, weight: 1, fillColor: land, fillOpacity: 1 };
  };
  const countries = geoJSON(feature(topology, topology.objects.countries), { style, interactive: false, ...{ renderer } }).addTo(map);
  const names = layerGroup().addTo(map);
  const markers = cities.map(([name, lat, lon, rank]) => ({ rank, one: cityMarker(name, lat, lon) })).sort((a, b) => a.rank - b.rank);
  const showNames = () => {
    const taken: Point[] = [];
    for (const { rank, one } of markers) {
      const place = map.latLngToLayerPoint(one.getLatLng());
      const isFree = taken.every(({ x, y }) => Math.abs(x - place.x) > NAME_PX.width || Math.abs(y - place.y) > NAME_PX.height);
      const isShown = rank <= map.getZoom() + 0.5 && isFree;
      if (isShown) taken.push(place);
      if (isShown !== names.hasLayer(one)) isShown ? names.addLayer(one) : names.removeLayer(one);
    }
  };
  map.on("zoomend", showNames);
  showNames();
  return {
    useTiles(template) {
      // Some tile servers require a Referer. This policy sends the page's origin only, without the path.
      const pictures = tileLayer(template, { maxZoom: MOST_ZOOM, referrerPolicy: "origin" });
      pictures.once("tileload", () => {
        countries.remove();
        names.remove();
      });
      pictures.addTo(map);
    },
    retheme: () => void countries.setStyle(style()),
  };
}

function cityMarker(name: string, lat: number, lon: number) {
  const text = document.createElement("span");
  text.textContent = name;
  const icon = divIcon({ className: "city", html: text, iconSize: [0, 0] });
  return marker([lat, lon], { icon, interactive: false, keyboard: false, pane: "cities" });
}
