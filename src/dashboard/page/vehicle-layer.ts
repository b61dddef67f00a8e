import { DomUtil, type Map as LeafletMap } from "leaflet";
import type { Vehicle } from "../model.ts";
import { bearing, type Glide, glideTo, pointAt, toWorld } from "./motion.ts";
import { type Kind, makeSprites, type Sprites } from "./sprites.ts";
import { readTheme, type Theme, wantsStillness } from "./theme.ts";

/**
 * Draws the vehicles on a separate canvas over Leaflet's map. Leaflet's markers redraw one by one; here a frame is one pass over all
 * vehicles, and it is drawn only when a vehicle has moved by a quarter of a pixel.
 */
export interface VehicleLayer {
  /** Replaces all vehicles. */
  show(vehicles: Iterable<Vehicle>, isDeviating: (id: string) => boolean, glideMs: number): void;
  select(id: string | undefined): void;
  /** The vehicle at this point of the map's container. */
  at(x: number, y: number, reach: number): string | undefined;
  retheme(): void;
}

interface Shown {
  readonly id: string;
  readonly glide: Glide;
  readonly kind: Kind;
  /** undefined: the heading is unknown. */
  readonly bearing: number | undefined;
}
/** Drawing order: later kinds cover earlier ones. */
const ORDER: readonly Kind[] = ["silent", "stopped", "unaimed", "moving", "deviating"];
const MOST_LABELS = 30;
const FONT = "600 12px system-ui, sans-serif";

export function addVehicleLayer(map: LeafletMap): VehicleLayer {
  const pane = map.createPane("vehicles");
  pane.style.zIndex = "450";
  pane.style.pointerEvents = "none";
  const canvas = DomUtil.create("canvas", "", pane);
  // Without a GPU, drawing directly is faster than recording the drawing commands.
  const pen = canvas.getContext("2d", { willReadFrequently: true }) as CanvasRenderingContext2D;
  let theme = readTheme();
  let sprites = makeSprites(theme, devicePixelRatio);
  let shown: readonly Shown[] = [];
  let selected: string | undefined;
  let glidesUntil = 0;
  let drawn = "";
  let frame = 0;
  let places: Float64Array = new Float64Array(0);

  const resize = () => {
    const { x, y } = map.getSize();
    canvas.width = Math.round(x * devicePixelRatio);
    canvas.height = Math.round(y * devicePixelRatio);
    canvas.style.width = `${x}px`;
    canvas.style.height = `${y}px`;
    redraw();
  };
  const redraw = () => {
    drawn = "";
    if (frame === 0) frame = requestAnimationFrame(draw);
  };
  const draw = () => {
    frame = 0;
    const now = performance.now();
    DomUtil.setPosition(canvas, map.containerPointToLayerPoint([0, 0]));
    places = placesOf(map, shown, now, places);
    const signature = signatureOf(places);
    if (signature !== drawn) {
      drawn = signature;
      paint({ pen, sprites, theme, shown, places, selected, width: canvas.width, height: canvas.height });
    }
    if (now < glidesUntil) frame = requestAnimationFrame(draw);
  };
  map.on("move zoom viewreset", redraw);
  map.on("resize", resize);
  resize();
  return {
    show(vehicles, isDeviating, glideMs) {
      const before = new Map(shown.map((one) => [one.id, one]));
      const now = performance.now();
      const durationMs = wantsStillness() ? 0 : glideMs;
      shown = [...vehicles]
        .map((vehicle) => shownAs(vehicle, before.get(vehicle.id), isDeviating(vehicle.id), now, durationMs))
        .sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
      glidesUntil = now + durationMs + 50;
      redraw();
    },
    select(id) {
      selected = id;
      redraw();
    },
    at: (x, y, reach) => nearest(shown, places, x, y, reach),
    retheme() {
      theme = readTheme();
      sprites = makeSprites(theme, devicePixelRatio);
      redraw();
    },
  };
}

function shownAs(vehicle: Vehicle, before: Shown | undefined, isDeviating: boolean, now: number, durationMs: number): Shown {
  const to = toWorld(vehicle.lat, vehicle.lon);
  const isSame = before !== undefined && before.glide.to.x === to.x && before.glide.to.y === to.y;
  const glide = isSame ? before.glide : glideTo(before?.glide, to, now, durationMs);
  const aim = vehicle.headingDeg ?? bearing(glide.from, glide.to) ?? before?.bearing;
  const kind = isDeviating ? "deviating" : vehicle.state !== "moving" ? vehicle.state : aim === undefined ? "unaimed" : "moving";
  return { id: vehicle.id, glide, kind, bearing: aim };
}

/** Pixels of the map's container: x, y of each vehicle in turn. */
function placesOf(map: LeafletMap, shown: readonly Shown[], now: number, before: Float64Array): Float64Array {
  const scale = 256 * 2 ** map.getZoom();
  const { x: left, y: top } = map.getPixelBounds().min ?? { x: 0, y: 0 };
  const places = before.length === shown.length * 2 ? before : new Float64Array(shown.length * 2);
  for (const [i, { glide }] of shown.entries()) {
    const { x, y } = pointAt(glide, now);
    places[2 * i] = Math.round((x * scale - left) * 4) / 4;
    places[2 * i + 1] = Math.round((y * scale - top) * 4) / 4;
  }
  return places;
}
/** Two frames with the same key look the same, so the second is not drawn. */
function signatureOf(places: Float64Array): string {
  let [a, b] = [0, 0];
  for (const [i, place] of places.entries()) {
    a += place;
    b += place * (i + 1);
  }
  return `${places.length} ${a} ${b}`;
}

interface Picture {
  readonly pen: CanvasRenderingContext2D;
  readonly sprites: Sprites;
  readonly theme: Theme;
  readonly shown: readonly Shown[];
  readonly places: Float64Array;
  readonly selected: string | undefined;
  readonly width: number;
  readonly height: number;
}
function paint(picture: Picture): void {
  const { pen, sprites, shown, places, selected, width, height } = picture;
  const ratio = devicePixelRatio;
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.clearRect(0, 0, width, height);
  const half = (sprites.size * ratio) / 2;
  const labelled: number[] = [];
  for (const [i, { id, kind, bearing: aim }] of shown.entries()) {
    const [x, y] = [(places[2 * i] ?? 0) * ratio, (places[2 * i + 1] ?? 0) * ratio];
    if (x < -half || y < -half || x > width + half || y > height + half) continue;
    if (id === selected) ringAround(picture, x, y);
    pen.drawImage(sprites.get(kind, aim ?? 0), Math.round(x - half), Math.round(y - half));
    if (kind === "deviating" || id === selected) labelled.push(i);
  }
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  const labels = labelled.length > MOST_LABELS ? labelled.filter((i) => shown[i]?.id === selected) : labelled;
  for (const i of labels) label(picture, shown[i]?.id ?? "", places[2 * i] ?? 0, places[2 * i + 1] ?? 0);
}
function ringAround({ pen, theme }: Picture, x: number, y: number): void {
  pen.beginPath();
  pen.arc(x, y, 17 * devicePixelRatio, 0, 7);
  pen.lineWidth = 3 * devicePixelRatio;
  pen.strokeStyle = theme.ink;
  pen.stroke();
}
function label({ pen, theme }: Picture, text: string, x: number, y: number): void {
  pen.font = FONT;
  pen.textBaseline = "middle";
  pen.lineWidth = 4;
  pen.lineJoin = "round";
  pen.strokeStyle = theme.halo;
  pen.strokeText(text, x + 17, y);
  pen.fillStyle = theme.ink;
  pen.fillText(text, x + 17, y);
}

function nearest(shown: readonly Shown[], places: Float64Array, x: number, y: number, reach: number): string | undefined {
  let found: string | undefined;
  let least = reach;
  for (const [i, { id }] of shown.entries()) {
    const distance = Math.hypot((places[2 * i] ?? 0) - x, (places[2 * i + 1] ?? 0) - y);
    if (distance <= least) [least, found] = [distance, id];
  }
  return found;
}
