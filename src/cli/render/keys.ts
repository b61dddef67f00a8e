import type { ApiKeyInfo } from "../../app.ts";
import { columns } from "./layout.ts";

/** Name, state and limits of each key. Pure. */
export function keysTable(keys: readonly ApiKeyInfo[], width: number): readonly string[] {
  const rate = ({ rate_limit, burst_limit }: ApiKeyInfo) => (rate_limit === null ? "" : `${rate_limit} a second, ${burst_limit} at once`);
  return columns(
    keys.map((key) => [key.name, key.state, rate(key)]),
    width,
  );
}
