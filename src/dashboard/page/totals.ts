import type { Context } from "./context.ts";
import { byId, make, setText, within } from "./dom.ts";
import type { Word } from "./words.ts";

const KINDS = ["moving", "stopped", "silent", "deviating"] as const;

/** Shows the number of vehicles of each kind in large digits, for wall screens. */
export function showTotals({ store, say, format }: Context): void {
  const list = byId("totals");
  if (list.childElementCount === 0) list.append(...(["vehicles", ...KINDS] as const).map((kind) => row(kind, say(kind))));
  const counts: Record<string, number> = {
    vehicles: store.vehicles.size,
    moving: 0,
    stopped: 0,
    silent: 0,
    deviating: store.deviating.size,
  };
  for (const { state } of store.vehicles.values()) counts[state] = (counts[state] ?? 0) + 1;
  for (const [kind, count] of Object.entries(counts)) {
    const group = within(list, `[data-kind="${kind}"]`);
    setText(within(group, "dd"), format.number(count));
    group.classList.toggle("zero", count === 0);
  }
}
const row = (kind: string, name: string) => make("div", { "data-kind": kind }, make("dt", {}, name), make("dd", {}, "0"));

export function showLegend({ say }: Context): void {
  const items = KINDS.map((kind: Word) => make("li", {}, make("i", { class: `mark ${kind}`, "aria-hidden": "true" }), say(kind)));
  byId("legend").replaceChildren(...items);
}
