import type { Clock } from "../engine/ports.ts";

/** A token bucket: `burst` calls at once, then one call every `everyMs`. */
interface Limit {
  readonly everyMs: number;
  readonly burst: number;
}
const one = (everyMs: number): Limit => ({ everyMs, burst: 1 });

/**
 * Rate limits of AWS, for each account and region, by `service:Operation`; `service:*` counts every call of the service.
 * Those of API Gateway are fixed: AWS does not raise them on request (docs, "Amazon API Gateway quotas").
 */
const LIMITS: Readonly<Record<string, Limit>> = {
  "apigateway:*": { everyMs: 100, burst: 40 },
  "apigateway:CreateRestApi": one(3_000),
  "apigateway:ImportRestApi": one(3_000),
  "apigateway:PutRestApi": one(1_000),
  "apigateway:DeleteRestApi": one(30_000),
  "apigateway:CreateDeployment": one(5_000),
  "apigateway:UpdateAccount": one(20_000),
  "apigateway:UpdateUsagePlan": one(20_000),
  "apigateway:CreateDomainName": one(30_000),
  "apigateway:CreateResource": { everyMs: 200, burst: 5 },
  "apigateway:DeleteResource": { everyMs: 200, burst: 5 },
  "apigateway:CreateApiKey": { everyMs: 200, burst: 5 },
  "apigateway:GetResources": { everyMs: 400, burst: 5 },
  "dynamodb:TagResource": { everyMs: 200, burst: 5 },
  "logs:DeleteLogGroup": { everyMs: 500, burst: 2 },
  "logs:CreateLogGroup": { everyMs: 200, burst: 5 },
};

export interface PacingOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called before a wait of half a second or more. */
  readonly onWait: (operation: string, waitMs: number) => void;
}
const NOTICEABLE_MS = 500;

/** Waits until AWS accepts the call. This takes no longer than refused calls and their retries. */
export function makePacer({ clock, signal, onWait }: PacingOptions): (service: string, operation: string) => Promise<void> {
  /** Time of the next call at the steady rate, by key of LIMITS. */
  const due = new Map<string, number>();
  const reserve = (key: string): number => {
    const limit = LIMITS[key];
    if (!limit) return 0;
    const now = clock.now();
    const next = Math.max(due.get(key) ?? now, now);
    due.set(key, next + limit.everyMs);
    return Math.max(0, next - now - (limit.burst - 1) * limit.everyMs);
  };
  return async (service, operation) => {
    const name = `${service}:${operation}`;
    const waitMs = Math.max(reserve(`${service}:*`), reserve(name));
    if (waitMs >= NOTICEABLE_MS) onWait(name, waitMs);
    if (waitMs > 0) await clock.sleep(waitMs, signal);
  };
}
