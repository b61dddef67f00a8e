import type { TrafficMinute } from "../model.ts";
import type { Context } from "./context.ts";
import { byId, make, makeSvg, setText, showRows, within } from "./dom.ts";
import { showNote } from "./health.ts";
import { wordFor } from "./words.ts";

/** Draws the deliveries as one bar with its number for each status. */
export function showDeliveries(context: Context): void {
  const { store, say, format } = context;
  showNote(context, "deliveries", "deliveries");
  const { counts = [], isPart = false } = store.deliveries ?? {};
  const most = Math.max(1, ...counts.map(({ count }) => count));
  showRows(within(byId("deliveries"), ".bars"), {
    items: counts,
    key: ({ status }) => status,
    create: () => make("li", {}, make("span"), make("meter", { min: 0, "aria-hidden": "true" }), make("b")),
    fill: (row, { status, count }) => {
      row.classList.toggle("zero", count === 0);
      setText(within(row, "span"), wordFor(say, status));
      const bar = within<HTMLMeterElement>(row, "meter");
      bar.max = most;
      bar.value = count;
      setText(within(row, "b"), `${format.number(count)}${isPart ? "+" : ""}`);
    },
  });
}

const WIDTH = 300;
const HEIGHT = 64;

/** Draws one column per minute. Refused and failed calls are hatched and filled parts of the column. */
export function showTraffic(context: Context): void {
  const { store, say, format } = context;
  showNote(context, "traffic", "traffic");
  const { traffic } = store;
  if (!traffic) return;
  const sum = (of: (minute: TrafficMinute) => number) => traffic.minutes.reduce((total, minute) => total + of(minute), 0);
  const most = Math.max(...traffic.minutes.map(({ calls }) => calls));
  const figures: [string, string, string][] = [
    [say("calls"), format.number(sum(({ calls }) => calls)), "calls"],
    [say("clientErrors"), format.number(sum(({ refused }) => refused)), "refused"],
    [say("serverErrors"), format.number(sum(({ failed }) => failed)), "failed"],
    [say("peak"), format.number(most), ""],
    ...(traffic.latencyMs === null ? [] : [[say("latency"), format.ms(traffic.latencyMs), ""] as [string, string, string]]),
  ];
  const list = make("dl", { class: "figures" }, ...figures.map(figure));
  within(byId("traffic"), ".chart").replaceChildren(columns(traffic.minutes, Math.max(1, most)), axis(traffic.minutes, format), list);
}
const figure = ([name, value, kind]: [string, string, string]) =>
  make("div", { "data-kind": kind }, make("dt", {}, name), make("dd", {}, value));

function columns(minutes: readonly TrafficMinute[], most: number): SVGElement {
  const width = WIDTH / minutes.length;
  const scale = (count: number) => (count / most) * (HEIGHT - 2);
  const bar = (i: number, from: number, count: number, kind: string) =>
    makeSvg("rect", { x: i * width + 0.5, width: width - 1, y: HEIGHT - scale(from + count), height: scale(count), class: kind });
  const bars = minutes.flatMap(({ calls, refused, failed }, i) => [
    bar(i, 0, failed, "failed"),
    bar(i, failed, refused, "refused"),
    bar(i, failed + refused, Math.max(0, calls - failed - refused), "calls"),
  ]);
  // Screen readers skip the chart, because the list below it has the same numbers.
  return makeSvg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" }, ...bars);
}
function axis(minutes: readonly TrafficMinute[], format: Context["format"]): HTMLElement {
  const ends = [minutes.at(0), minutes.at(-1)].map((minute) => make("span", {}, minute ? format.minute(minute.at) : ""));
  return make("p", { class: "axis", "aria-hidden": "true" }, ...ends);
}
