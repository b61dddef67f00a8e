/** The decision of an authorizer's function about a caller. */
export interface Authorization {
  readonly principalId: string;
  /** JSON text of a policy without principals. */
  readonly policy: string;
  readonly context: Readonly<Record<string, string | number | boolean>>;
  readonly usageIdentifierKey: string | undefined;
}

/** Cached decisions of authorizers, by stage and identity. One decision holds for every method of the stage. */
export interface AuthorizationCache {
  get(key: string, now: number): Authorization | undefined;
  put(key: string, authorization: Authorization, until: number): void;
  flush(apiId: string, stage: string): void;
}
const MAX_ENTRIES = 10_000;

export function createAuthorizationCache(): AuthorizationCache {
  const entries = new Map<string, { readonly authorization: Authorization; readonly until: number }>();
  return {
    get(key, now) {
      const entry = entries.get(key);
      if (entry && entry.until > now) return entry.authorization;
      entries.delete(key);
      return undefined;
    },
    put(key, authorization, until) {
      if (entries.size >= MAX_ENTRIES) entries.clear();
      entries.set(key, { authorization, until });
    },
    flush(apiId, stage) {
      const prefix = prefixOf(apiId, stage);
      for (const key of entries.keys()) if (key.startsWith(prefix)) entries.delete(key);
    },
  };
}
/** The slash separates safely: neither an id nor a stage name contains one. */
export const cacheKey = (apiId: string, stage: string, ...who: readonly string[]): string => prefixOf(apiId, stage) + JSON.stringify(who);
const prefixOf = (apiId: string, stage: string): string => `${apiId}/${stage}/`;
