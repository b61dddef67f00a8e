import type { Position } from "./geodesy.ts";

const round = (value: number, decimals: number): number => {
  const scale = 10 ** decimals;
  return Math.round(value * scale) / scale;
};

/** Kilometres and km/h, rounded to 3 decimals. Decisions use the rounded value, so that they agree with the answer. */
export const toMetre = (km: number): number => round(km, 3);
export const toTenth = (minutes: number): number => round(minutes, 1);
/** Seven decimals of a degree are about a centimetre. */
export const toCentimetre = ({ lat, lon }: Position): Position => ({ lat: round(lat, 7), lon: round(lon, 7) });
