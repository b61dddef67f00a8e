import { canvas, type LatLngBoundsExpression, latLngBounds, map as leafletMap } from "leaflet";
import { addBackground } from "./background.ts";
import { addRouteLayer } from "./route-layer.ts";
import type { Store } from "./store.ts";
import { onThemeChange, wantsStillness } from "./theme.ts";
import { addVehicleLayer } from "./vehicle-layer.ts";

export interface FleetMap {
  /** Draws vehicles and routes after an update. */
  show(store: Store): void;
  select(store: Store, id: string | undefined, move: boolean): void;
  /** Zooms so that all vehicles are visible. */
  showAll(store: Store): void;
}

const COLOMBIA: LatLngBoundsExpression = [
  [-1, -79.5],
  [12.8, -69.5],
];
const CLOSE_ZOOM = 11;
const FINGER_PX = 24;
const MOUSE_PX = 14;
const GLIDE_MS = 3_200;

export function makeFleetMap(element: HTMLElement, onSelect: (id: string | undefined) => void): FleetMap {
  const map = leafletMap(element, {
    zoomAnimation: false,
    fadeAnimation: false,
    inertia: !wantsStillness(),
    zoomSnap: 0.5,
    minZoom: 2,
    maxZoom: 17,
    attributionControl: true,
    worldCopyJump: true,
  });
  map.attributionControl.setPrefix(false).addAttribution("Leaflet · Natural Earth");
  map.fitBounds(COLOMBIA);
  for (const [name, order] of [["cities", "430"]] as const) {
    const pane = map.createPane(name);
    Object.assign(pane.style, { zIndex: order, pointerEvents: "none" });
  }
  const renderer = canvas({ padding: 0.3 });
  const background = addBackground(map, renderer);
  map.createPane("routes").style.zIndex = "410";
  const routes = addRouteLayer(map, canvas({ padding: 0.3, pane: "routes" }));
  const vehicles = addVehicleLayer(map);
  const has = { fitted: false, tiles: false };
  let selected: string | undefined;

  map.on("click", ({ containerPoint: { x, y } }) =>
    onSelect(vehicles.at(x, y, matchMedia("(pointer: coarse)").matches ? FINGER_PX : MOUSE_PX)),
  );
  map.on("mousemove", ({ containerPoint: { x, y } }) => {
    element.classList.toggle("over-vehicle", vehicles.at(x, y, MOUSE_PX) !== undefined);
  });
  new ResizeObserver(() => map.invalidateSize({ pan: false })).observe(element);
  onThemeChange(() => {
    vehicles.retheme();
    routes.retheme();
    void background.then((layer) => layer.retheme());
  });

  const showAll = (store: Store) => {
    const points = [...store.vehicles.values()].map(({ lat, lon }) => [lat, lon] as [number, number]);
    if (points.length === 0) return;
    map.fitBounds(latLngBounds(points).pad(0.08), { maxZoom: CLOSE_ZOOM, animate: false });
  };
  const routeOf = (store: Store) => (selected === undefined ? undefined : (store.vehicles.get(selected)?.routeId ?? undefined));
  return {
    show(store) {
      vehicles.show(store.vehicles.values(), (id) => store.deviating.has(id), GLIDE_MS);
      routes.show(store, routeOf(store));
      const tiles = store.about?.tiles;
      if (tiles && !has.tiles) {
        has.tiles = true;
        void background.then((layer) => layer.useTiles(tiles));
      }
      if (has.fitted || store.vehicles.size === 0) return;
      has.fitted = true;
      showAll(store);
    },
    select(store, id, move) {
      selected = id;
      vehicles.select(id);
      routes.show(store, routeOf(store));
      const vehicle = id === undefined ? undefined : store.vehicles.get(id);
      if (vehicle && move) map.setView([vehicle.lat, vehicle.lon], Math.max(map.getZoom(), 9), { animate: !wantsStillness() });
    },
    showAll,
  };
}
