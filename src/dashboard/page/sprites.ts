import type { Theme } from "./theme.ts";

/** `unaimed`: a moving vehicle with unknown heading. */
export type Kind = "moving" | "unaimed" | "stopped" | "silent" | "deviating";
/** Images that are drawn once; a frame with thousands of vehicles only copies them. Each kind has its own shape, so it is recognised without colour. */
export interface Sprites {
  /** Width and height in CSS pixels. */
  readonly size: number;
  get(kind: Kind, bearing: number): HTMLCanvasElement;
}

const SIZE = 26;
const DIRECTIONS = 48;
type Pen = CanvasRenderingContext2D;

export function makeSprites(theme: Theme, ratio: number): Sprites {
  const draw = (paint: (pen: Pen) => void, bearing = 0): HTMLCanvasElement => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = Math.ceil(SIZE * ratio);
    const pen = canvas.getContext("2d") as Pen;
    pen.scale(ratio, ratio);
    pen.translate(SIZE / 2, SIZE / 2);
    pen.rotate((bearing * Math.PI) / 180);
    pen.lineJoin = "round";
    paint(pen);
    return canvas;
  };
  const aimed = Array.from({ length: DIRECTIONS }, (_, i) => draw((pen) => arrow(pen, theme), (i * 360) / DIRECTIONS));
  const others = {
    unaimed: draw((pen) => disc(pen, theme)),
    stopped: draw((pen) => square(pen, theme)),
    silent: draw((pen) => ring(pen, theme)),
    deviating: draw((pen) => diamond(pen, theme)),
  };
  return {
    size: SIZE,
    get: (kind, bearing) =>
      kind === "moving" ? (aimed[Math.round((bearing / 360) * DIRECTIONS) % DIRECTIONS] as HTMLCanvasElement) : others[kind],
  };
}

function shape(pen: Pen, points: readonly (readonly [number, number])[], fill: string, edge: string): void {
  pen.beginPath();
  for (const [x, y] of points) pen.lineTo(x, y);
  pen.closePath();
  pen.fillStyle = fill;
  pen.strokeStyle = edge;
  pen.lineWidth = 1.5;
  pen.fill();
  pen.stroke();
}
const arrow = (pen: Pen, { moving, halo }: Theme) =>
  shape(
    pen,
    [
      [0, -9],
      [6, 7],
      [0, 3.5],
      [-6, 7],
    ],
    moving,
    halo,
  );
function disc(pen: Pen, { moving, halo }: Theme): void {
  pen.beginPath();
  pen.arc(0, 0, 5.5, 0, 7);
  pen.fillStyle = moving;
  pen.strokeStyle = halo;
  pen.lineWidth = 1.5;
  pen.fill();
  pen.stroke();
}
const square = (pen: Pen, { stopped, halo }: Theme) =>
  shape(
    pen,
    [
      [-5, -5],
      [5, -5],
      [5, 5],
      [-5, 5],
    ],
    stopped,
    halo,
  );
function ring(pen: Pen, { silent, halo }: Theme): void {
  for (const [colour, width] of [
    [halo, 5],
    [silent, 2.2],
  ] as const) {
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.beginPath();
    pen.arc(0, 0, 5.5, 0, 7);
    pen.moveTo(-3.9, 3.9);
    pen.lineTo(3.9, -3.9);
    pen.stroke();
  }
}
function diamond(pen: Pen, { deviating, halo }: Theme): void {
  const points = [
    [0, -11],
    [11, 0],
    [0, 11],
    [-11, 0],
  ] as const;
  shape(pen, points, deviating, halo);
  pen.fillStyle = halo;
  pen.fillRect(-1.2, -5.5, 2.4, 6.5);
  pen.fillRect(-1.2, 2.6, 2.4, 2.4);
}
