/** Token buckets by name. The caller passes the time, in ms. */
export interface TokenBuckets {
  /** Takes a token and returns 0. Without a token, returns the seconds until the next one. */
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
