import { makeAnnouncer } from "./announcer.ts";
import { showDeliveries, showTraffic } from "./charts.ts";
import { type Link, listen } from "./connection.ts";
import type { Context } from "./context.ts";
import { showDetails } from "./details.ts";
import { byId } from "./dom.ts";
import { makeFleetMap } from "./fleet-map.ts";
import { formatFor } from "./format.ts";
import { showCondition } from "./health.ts";
import { showAlerts, showSilent, showVehicles } from "./lists.ts";
import { makeStore } from "./store.ts";
import { showLegend, showTotals } from "./totals.ts";
import { languageOf, speaker, type Word } from "./words.ts";

// The server has stored the token in a cookie. Remove it from the address bar and the history.
history.replaceState(null, "", "/");

const language = languageOf(navigator.languages);
const store = makeStore();
const announcer = makeAnnouncer();
let selected: string | undefined;
/** Element that gets the focus back when the details close. */
let opener: HTMLElement | null = null;
let link: Link = "open";
let wasLive = true;

const context: Context = {
  store,
  say: speaker(language),
  format: formatFor(navigator.languages.find((tag) => tag.startsWith(language)) ?? language),
  select,
  now: Date.now,
};
const fleetMap = makeFleetMap(byId("map"), (id) => select(id, false));

function select(id: string | undefined, move: boolean): void {
  const details = byId("details");
  const hadFocus = details.contains(document.activeElement);
  if (move && !hadFocus) opener = document.activeElement as HTMLElement | null;
  selected = id;
  fleetMap.select(store, id, move);
  showDetails(context, id);
  if (id !== undefined && move) details.querySelector<HTMLElement>(".close")?.focus();
  if (id === undefined && hadFocus) (opener?.isConnected ? opener : byId("panels")).focus();
}

function showPanels(): void {
  showTotals(context);
  showAlerts(context);
  showSilent(context);
  showVehicles(context, byId<HTMLInputElement>("search").value);
  showDeliveries(context);
  showTraffic(context);
  showDetails(context, selected);
}

function showLink(): void {
  const { state } = showCondition(context, link);
  const isLive = state === "live";
  if (wasLive !== isLive && state !== "waiting")
    announcer.say(isLive ? context.say("connectionBack") : (byId("connection").textContent ?? ""));
  wasLive = isLive || state === "waiting";
}

/** Panels are text, so more frequent updates would cost processor time and show nothing new to a reader. */
const PANELS_EVERY_MS = 400;
let isDue = false;
function showSoon(): void {
  if (isDue) return;
  isDue = true;
  setTimeout(() => {
    isDue = false;
    showPanels();
    showLink();
    announcer.alerts(context);
  }, PANELS_EVERY_MS);
}

function label(): void {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll<HTMLElement>("[data-word]"))
    element.textContent = context.say(element.dataset.word as Word);
  byId("map").setAttribute("aria-label", context.say("map"));
  byId("map").setAttribute("role", "application");
  showLegend(context);
}

label();
showTotals(context);
showLink();
byId("search").addEventListener("input", () => showVehicles(context, byId<HTMLInputElement>("search").value));
byId("fit").addEventListener("click", () => fleetMap.showAll(store));
addEventListener("keydown", ({ key }) => {
  if (key === "Escape" && selected !== undefined) select(undefined, false);
});
// Shown ages change with time, also without an update.
setInterval(showSoon, 5_000);
listen(
  (update) => {
    store.apply(update);
    if (update.about) byId("stack").textContent = `${update.about.stack} · ${update.about.local ? "local" : update.about.region}`;
    if (update.vehicles || update.gone || update.alerts || update.routes || update.full) fleetMap.show(store);
    showSoon();
  },
  (state) => {
    if (state === link) return;
    link = state;
    showLink();
  },
);
