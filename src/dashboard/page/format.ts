/** Formats numbers and times for the browser's locale, in local time. */
export interface Format {
  km(value: number): string;
  /** Empty when the speed is unknown. */
  speed(kmh: number | null): string;
  number(value: number): string;
  /** Time of day with seconds. */
  clock(at: number): string;
  minute(at: number): string;
  /** `12 s`, `5 min`, `3 h`, `2 d`. */
  age(ms: number): string;
  percent(share: number): string;
  ms(value: number): string;
  degrees(lat: number, lon: number): string;
}

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
] as const;

export function formatFor(locale: string, timeZone?: string): Format {
  const numbers = (digits: number) => new Intl.NumberFormat(locale, { maximumFractionDigits: digits });
  const [whole, tenth, fine] = [numbers(0), numbers(1), numbers(4)];
  const times = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, { hourCycle: "h23", timeZone, ...options });
  const clock = times({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const minute = times({ hour: "2-digit", minute: "2-digit" });
  return {
    km: (value) => `${(value < 10 ? tenth : whole).format(value)} km`,
    speed: (kmh) => (kmh === null ? "" : `${whole.format(kmh)} km/h`),
    number: (value) => whole.format(value),
    clock: (at) => clock.format(at),
    minute: (at) => minute.format(at),
    age(ms) {
      const [unit, size] = UNITS.find(([, length]) => ms >= length) ?? (["s", 1_000] as const);
      return `${Math.max(0, Math.floor(ms / size))} ${unit}`;
    },
    percent: (share) => `${whole.format(share * 100)} %`,
    ms: (value) => `${whole.format(value)} ms`,
    degrees: (lat, lon) => `${fine.format(lat)}, ${fine.format(lon)}`,
  };
}
