/** One line of the table. Compared values were measured in turns in the same run, so that a busy machine slows both. */
export interface Line {
  readonly name: string;
  readonly value: number;
  /** `×`: a multiple of the value that `of` names. */
  readonly unit: "×" | "ms" | "s" | "MB" | "KB" | "packages" | "a second";
  readonly of?: string;
  /** The upper or lower limit of the value. */
  readonly atMost?: number;
  readonly atLeast?: number;
}

export const isWithinLimits = ({ value, atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY }: Line): boolean =>
  value <= atMost && value >= atLeast;

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

export function rounded(value: number): number {
  const digits = value < 10 ? 2 : value < 100 ? 1 : 0;
  return Number(value.toFixed(digits));
}

/** A table for people. A line without a limit is for information only. */
export function toTable(lines: readonly Line[]): string {
  const rows = lines.map((line) => {
    const limit = line.atMost === undefined ? (line.atLeast === undefined ? "" : `≥ ${line.atLeast}`) : `≤ ${line.atMost}`;
    const verdict = limit === "" ? "" : isWithinLimits(line) ? "kept" : "MISSED";
    return [line.name, `${rounded(line.value)} ${line.unit}${line.of ? ` ${line.of}` : ""}`, limit, verdict];
  });
  return ["| what | measured | limit | |", "| --- | --- | --- | --- |", ...rows.map((row) => `| ${row.join(" | ")} |`)].join("\n");
}
