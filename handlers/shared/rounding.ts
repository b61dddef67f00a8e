import type { Position } from "./geodesy.ts";

const round = (value: number, decimals: number): number => {
  const scale = 10 ** decimals;
  return Math.round(value * scale) / scale;
};

/** Kilometres and km/h are answered and stored to the metre. Decisions use the rounded value, so that an answer agrees with itself. */
export const toMetre = (km: number): number => round(km, 3);
export const toTenth = (minutes: number): number => round(minutes, 1);
/** Seven decimals of a degree are about a centimetre. */
export const toCentimetre = ({ lat, lon }: Position): Position => ({ lat: round(lat, 7), lon: round(lon, 7) });
