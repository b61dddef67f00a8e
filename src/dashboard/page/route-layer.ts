import { type Map as LeafletMap, layerGroup, type Polyline, polyline, type Renderer } from "leaflet";
import type { Route } from "../model.ts";
import { nearestOn } from "./motion.ts";
import type { Store } from "./store.ts";
import { readTheme } from "./theme.ts";

/** Draws the planned routes, and a dashed line from each deviating vehicle to the nearest point of its route. */
export interface RouteLayer {
  show(store: Store, selectedRoute: string | undefined): void;
  retheme(): void;
}

export function addRouteLayer(map: LeafletMap, renderer: Renderer): RouteLayer {
  const lines = new Map<string, { readonly route: Route; readonly line: Polyline }>();
  const planned = layerGroup().addTo(map);
  const deviations = layerGroup().addTo(map);
  let last: readonly [Store, string | undefined] | undefined;
  const show = (store: Store, selected: string | undefined) => {
    last = [store, selected];
    const theme = readTheme();
    const named = new Set(store.alerts.map(({ routeId }) => routeId));
    for (const route of store.routes.values()) {
      const before = lines.get(route.id);
      if (before?.route !== route) {
        before?.line.remove();
        lines.set(route.id, { route, line: polyline(pairs(route.line), { renderer, interactive: false }).addTo(planned) });
      }
      const isStrong = route.id === selected;
      const style = {
        color: named.has(route.id) && !isStrong ? theme.deviating : theme.route,
        weight: isStrong ? 4 : 2,
        opacity: isStrong ? 0.95 : 0.5,
      };
      lines.get(route.id)?.line.setStyle(style);
    }
    for (const [id, { line }] of lines) {
      if (store.routes.has(id)) continue;
      line.remove();
      lines.delete(id);
    }
    deviations.clearLayers();
    for (const alert of store.alerts) {
      const route = alert.routeId === null ? undefined : store.routes.get(alert.routeId);
      const { lat, lon } = store.vehicles.get(alert.vehicleId) ?? alert;
      const back = route && nearestOn(route.line, lat, lon);
      if (!back) continue;
      const style = { renderer, interactive: false, color: theme.deviating, weight: 2.5, dashArray: "2 6" };
      polyline([[lat, lon], [...back]], style).addTo(deviations);
    }
  };
  return { show, retheme: () => last && show(...last) };
}

function pairs(line: readonly number[]): [number, number][] {
  return Array.from({ length: line.length / 2 }, (_, i) => [line[2 * i] ?? 0, line[2 * i + 1] ?? 0]);
}
