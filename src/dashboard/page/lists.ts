import type { Alert, Vehicle } from "../model.ts";
import type { Context } from "./context.ts";
import { byId, make, setText, showRows, within } from "./dom.ts";
import { showNote } from "./health.ts";
import { wordFor } from "./words.ts";

/** Most rows in the list. The user finds the other vehicles by search. */
const MOST_ROWS = 60;

/** A button that selects a vehicle, with its mark, its id and a text. */
function makeRow(select: Context["select"]): HTMLElement {
  const button = make(
    "button",
    { type: "button" },
    make("i", { class: "mark", "aria-hidden": "true" }),
    make("b"),
    make("span", { class: "side" }),
    make("small"),
  );
  const row = make("li", {}, button);
  button.addEventListener("click", () => select(row.dataset.vehicle, true));
  return row;
}
interface Line {
  readonly vehicle: string;
  readonly kind: string;
  readonly side: string;
  readonly below: string;
}
function fillRow(row: HTMLElement, { vehicle, kind, side, below }: Line): void {
  row.dataset.vehicle = vehicle;
  within(row, ".mark").className = `mark ${kind}`;
  setText(within(row, "b"), vehicle);
  setText(within(row, ".side"), side);
  setText(within(row, "small"), below);
}

export function showAlerts(context: Context): void {
  const { store, say, format, select, now } = context;
  const panel = byId("alerts");
  showNote(context, "alerts", "alerts");
  const feed = store.feeds.get("alerts");
  within(panel, ".empty").hidden = store.alerts.length > 0 || !feed?.answeredAt;
  setText(within(panel, "h2"), `${say("alerts")} · ${format.number(store.alerts.length)}`);
  panel.classList.toggle("urgent", store.alerts.length > 0);
  showRows<Alert>(within(panel, ".rows"), {
    items: [...store.alerts].sort((a, b) => b.deviationKm - a.deviationKm).slice(0, MOST_ROWS),
    key: ({ id }) => id,
    create: () => makeRow(select),
    fill: (row, alert) =>
      fillRow(row, {
        vehicle: alert.vehicleId,
        kind: "deviating",
        side: format.km(alert.deviationKm),
        below: [
          store.routes.get(alert.routeId ?? "")?.name ?? alert.routeId ?? say("none"),
          `${say("since", { time: format.minute(alert.openedAt) })} (${format.age(now() - alert.openedAt)})`,
          ...(alert.silent ? [say("silent")] : []),
        ].join(" · "),
      }),
  });
}

/** Sorted by the time of silence, longest first. */
export function showSilent({ store, say, format, select, now }: Context): void {
  const panel = byId("silent");
  const silent = [...store.vehicles.values()].filter(({ state }) => state === "silent").sort((a, b) => a.at - b.at);
  within(panel, ".empty").hidden = silent.length > 0 || store.vehicles.size === 0;
  setText(within(panel, "h2"), `${say("silentVehicles")} · ${format.number(silent.length)}`);
  showRows<Vehicle>(within(panel, ".rows"), {
    items: silent.slice(0, MOST_ROWS),
    key: ({ id }) => id,
    create: () => makeRow(select),
    fill: (row, { id, at, routeId }) =>
      fillRow(row, {
        vehicle: id,
        kind: "silent",
        side: format.age(now() - at),
        below: `${say("lastFix")} ${format.clock(at)} · ${nameOf(store, routeId)}`,
      }),
  });
}
const nameOf = (store: Context["store"], id: string | null): string => (id === null ? "–" : (store.routes.get(id)?.name ?? id));

export function showVehicles(context: Context, query: string): void {
  const { store, say, format, select } = context;
  const panel = byId("vehicles");
  showNote(context, "vehicles", "vehicles");
  const words = query.trim().toLowerCase();
  const matches = ({ id, routeId, deliveryId }: Vehicle) =>
    words === "" || [id, routeId ?? "", nameOf(store, routeId), deliveryId ?? ""].some((text) => text.toLowerCase().includes(words));
  const found = [...store.vehicles.values()].filter(matches).sort((a, b) => (a.id < b.id ? -1 : 1));
  const empty = within(panel, ".empty");
  const more = found.length - MOST_ROWS;
  empty.hidden = found.length > 0 && more <= 0;
  setText(empty, more > 0 ? say("showMore", { count: format.number(more) }) : say(store.vehicles.size === 0 ? "noVehicles" : "noMatch"));
  setText(within(panel, "h2"), `${say("vehicles")} · ${format.number(found.length)}`);
  showRows<Vehicle>(within(panel, ".rows"), {
    items: found.slice(0, MOST_ROWS),
    key: ({ id }) => id,
    create: () => makeRow(select),
    fill: (row, vehicle) => {
      const kind = store.deviating.has(vehicle.id) ? "deviating" : vehicle.state;
      const speed = vehicle.state === "moving" ? format.speed(vehicle.speedKmh ?? vehicle.averageKmh) : "";
      fillRow(row, { vehicle: vehicle.id, kind, side: speed, below: `${wordFor(say, kind)} · ${nameOf(store, vehicle.routeId)}` });
    },
  });
}
