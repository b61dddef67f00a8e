/** The decision of an authorizer's function about a caller. */
export interface Authorization {
  readonly principalId: string;
  /** JSON text of a policy without principals. */
  readonly policy: string;
  readonly context: Readonly<Record<string, string | number | boolean>>;
  readonly usageIdentifierKey: string | undefined;
}

/** What authorizers said, by stage and by who asked; one answer holds for every method of the stage. */
export interface AuthorizationCache {
  get(key: string, now: number): Authorization | undefined;
  put(key: string, authorization: Authorization, until: number): void;
  flush(apiId: string, stage: string): void;
}
const REMEMBERED = 10_000;

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
      if (entries.size >= REMEMBERED) entries.clear();
      entries.set(key, { authorization, until });
    },
    flush(apiId, stage) {
      const prefix = prefixOf(apiId, stage);
      for (const key of entries.keys()) if (key.startsWith(prefix)) entries.delete(key);
    },
  };
}
/** Neither an id nor a stage's name has a slash. */
export const cacheKey = (apiId: string, stage: string, ...who: readonly string[]): string => prefixOf(apiId, stage) + JSON.stringify(who);
const prefixOf = (apiId: string, stage: string): string => `${apiId}/${stage}/`;
