/** Token buckets by name; time comes from the caller, in ms. */
export interface TokenBuckets {
  /** Takes a token. 0 when there was one, else the seconds until there is. */
  take(key: string, ratePerSecond: number, burst: number, now: number): number;
}
export function createTokenBuckets(): TokenBuckets {
  const buckets = new Map<string, { tokens: number; at: number }>();
  return {
    take(key, ratePerSecond, burst, now) {
      const bucket = buckets.get(key) ?? { tokens: burst, at: now };
      const tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1000) * ratePerSecond);
      const granted = tokens >= 1;
      buckets.set(key, { tokens: granted ? tokens - 1 : tokens, at: now });
      return granted ? 0 : (1 - tokens) / ratePerSecond;
    },
  };
}
