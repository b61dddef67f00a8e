/** Colours for canvases, read from the style sheet, which has a light and a dark theme. */
export interface Theme {
  readonly sea: string;
  readonly land: string;
  readonly border: string;
  readonly route: string;
  readonly moving: string;
  readonly stopped: string;
  readonly silent: string;
  readonly deviating: string;
  readonly halo: string;
  readonly ink: string;
}
const NAMES: readonly (keyof Theme)[] = ["sea", "land", "border", "route", "moving", "stopped", "silent", "deviating", "halo", "ink"];

export function readTheme(): Theme {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()])) as unknown as Theme;
}

export function onThemeChange(act: () => void): void {
  for (const query of ["(prefers-color-scheme: dark)", "(prefers-contrast: more)"]) matchMedia(query).addEventListener("change", act);
}
const still = matchMedia("(prefers-reduced-motion: reduce)");
export const wantsStillness = (): boolean => still.matches;
