/** One line of the table. What is compared was measured in the same run, in turns, so that a busy machine slows both. */
export interface Line {
  readonly name: string;
  readonly value: number;
  /** `×`: times the peer that `of` names. */
  readonly unit: "×" | "ms" | "s" | "MB" | "KB" | "packages" | "a second";
  readonly of?: string;
  /** What it must not exceed, or fall below. */
  readonly atMost?: number;
  readonly atLeast?: number;
}

export const isKept = ({ value, atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY }: Line): boolean =>
  value <= atMost && value >= atLeast;

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

export function rounded(value: number): number {
  const digits = value < 10 ? 2 : value < 100 ? 1 : 0;
  return Number(value.toFixed(digits));
}

/** For people. A line without a limit says how something is. */
export function toTable(lines: readonly Line[]): string {
  const rows = lines.map((line) => {
    const limit = line.atMost === undefined ? (line.atLeast === undefined ? "" : `≥ ${line.atLeast}`) : `≤ ${line.atMost}`;
    const verdict = limit === "" ? "" : isKept(line) ? "kept" : "MISSED";
    return [line.name, `${rounded(line.value)} ${line.unit}${line.of ? ` ${line.of}` : ""}`, limit, verdict];
  });
  return ["| what | measured | limit | |", "| --- | --- | --- | --- |", ...rows.map((row) => `| ${row.join(" | ")} |`)].join("\n");
}
