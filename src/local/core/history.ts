import { Readable } from "node:stream";

/** The result of a call: its output, or the error that it threw. */
export type CallResult = { readonly output: Record<string, unknown> } | { readonly error: unknown };

/** Results of reads from before the last write to their service, which an eventually consistent AWS may still return. */
export interface History {
  wrote(service: string): void;
  remember(service: string, operation: string, input: Record<string, unknown>, outcome: CallResult): void;
  /** The result of the same call from before the last write; undefined when there was none. */
  before(service: string, operation: string, input: Record<string, unknown>): CallResult | undefined;
  clear(): void;
}

export function history(): History {
  const writes = new Map<string, number>();
  const answers = new Map<string, readonly (readonly [afterWrites: number, CallResult])[]>();
  const written = (service: string): number => writes.get(service) ?? 0;
  const historyKey = (service: string, operation: string, input: Record<string, unknown>) =>
    `${service}:${operation}:${describeInput(input)}`;
  return {
    wrote: (service) => void writes.set(service, written(service) + 1),
    remember(service, operation, input, outcome) {
      const kept = snapshot(outcome);
      if (!kept) return;
      const key = historyKey(service, operation, input);
      const now = written(service);
      const earlier = (answers.get(key) ?? []).filter(([at]) => at < now).slice(-1);
      answers.set(key, [...earlier, [now, kept]]);
    },
    before(service, operation, input) {
      const now = written(service);
      const found = (answers.get(historyKey(service, operation, input)) ?? []).findLast(([at]) => at < now)?.[1];
      return found && snapshot(found);
    },
    clear() {
      writes.clear();
      answers.clear();
    },
  };
}

/** A copy that later changes do not affect; undefined for an output with a stream, which can be read only once. */
function snapshot(outcome: CallResult): CallResult | undefined {
  if ("error" in outcome) return outcome;
  if (Object.values(outcome.output).some((value) => value instanceof Readable)) return undefined;
  return { output: structuredClone(outcome.output) };
}

/** The input as JSON with its members in alphabetical order. */
export const describeInput = (input: Record<string, unknown>): string => JSON.stringify(plain(input));

/** A copy of plain JSON. Bytes and streams become a short text, because JSON writes a Buffer as a list of numbers. */
export function plain(value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Readable) return "(stream)";
  if (value instanceof Uint8Array) return `(${value.byteLength} bytes)`;
  if (value instanceof Date) return value.toJSON();
  if (Array.isArray(value)) return value.map(plain);
  const sorted = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([name, member]) => [name, plain(member)]));
}
