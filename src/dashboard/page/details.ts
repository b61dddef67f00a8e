import type { Vehicle } from "../model.ts";
import type { Context } from "./context.ts";
import { byId, make, setText, within } from "./dom.ts";
import { wordFor } from "./words.ts";

/** Shows all data of the selected vehicle, or hides the panel when none is selected. */
export function showDetails(context: Context, id: string | undefined): void {
  const panel = byId("details");
  const vehicle = id === undefined ? undefined : context.store.vehicles.get(id);
  panel.hidden = vehicle === undefined;
  if (!vehicle) return;
  if (panel.dataset.vehicle !== vehicle.id || panel.childElementCount === 0) build(context, panel, vehicle.id);
  const facts = factsOf(context, vehicle);
  const list = within(panel, "dl");
  const isSame = list.childElementCount === facts.length;
  if (!isSame) list.replaceChildren(...facts.map(() => make("div", {}, make("dt"), make("dd"))));
  for (const [i, [name, value]] of facts.entries()) {
    const row = list.children[i] as HTMLElement;
    setText(within(row, "dt"), name);
    setText(within(row, "dd"), value);
  }
}

function build({ say, select }: Context, panel: HTMLElement, id: string): void {
  panel.dataset.vehicle = id;
  panel.setAttribute("aria-label", id);
  const close = make("button", { type: "button", class: "close", "aria-label": say("close") }, "×");
  close.addEventListener("click", () => select(undefined, false));
  panel.replaceChildren(make("h2", {}, id), close, make("dl", { class: "facts" }));
}

function factsOf({ store, say, format, now }: Context, vehicle: Vehicle): readonly (readonly [string, string])[] {
  const { at, speedKmh, averageKmh, headingDeg, batteryPercent, routeId, deliveryId, progress, remainingKm, lat, lon } = vehicle;
  const alert = store.deviating.get(vehicle.id);
  const route = routeId === null ? undefined : store.routes.get(routeId);
  const heading = headingDeg === null ? "" : ` · ${Math.round(headingDeg)}°`;
  return [
    [say("state"), [wordFor(say, vehicle.state), ...(alert ? [say("deviating")] : [])].join(", ")],
    ...(alert ? [[say("deviation"), deviationText(alert, say, format)] as const] : []),
    [say("lastFix"), `${format.clock(at)} (${format.age(now() - at)})`],
    [say("speed"), `${format.speed(speedKmh ?? averageKmh) || say("none")}${heading}`],
    [say("route"), route?.name ?? routeId ?? say("none")],
    ...(progress === null ? [] : [[say("progress"), format.percent(progress)] as const]),
    ...(remainingKm === null ? [] : [[say("remaining"), format.km(remainingKm)] as const]),
    [say("eta"), arrivalText(vehicle, say, format)],
    ...(deliveryId === null ? [] : [[say("delivery"), deliveryId] as const]),
    ...(alert?.driverId ? [[say("driver"), alert.driverId] as const] : []),
    ...(batteryPercent === null ? [] : [[say("battery"), format.percent(batteryPercent / 100)] as const]),
    [say("position"), format.degrees(lat, lon)],
  ];
}
function deviationText(
  { deviationKm, maxDeviationKm, thresholdKm, openedAt }: NonNullable<ReturnType<Context["store"]["deviating"]["get"]>>,
  say: Context["say"],
  format: Context["format"],
): string {
  return [
    format.km(deviationKm),
    say("since", { time: format.minute(openedAt) }),
    say("farthest", { km: format.km(maxDeviationKm) }),
    say("allowed", { km: format.km(thresholdKm) }),
  ].join(" · ");
}
function arrivalText({ etaAt, etaReason }: Vehicle, say: Context["say"], format: Context["format"]): string {
  return etaAt === null ? wordFor(say, etaReason ?? "none") : format.minute(etaAt);
}
