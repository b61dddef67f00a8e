import { setTimeout as sleep } from "node:timers/promises";
import type * as z from "zod";
import type { Reason } from "./model.ts";

/** Where the deployed API is and what lets a call in. The headers hold the key or a signature: they are used here and go nowhere else. */
export interface ApiAccess {
  readonly url: string;
  /** The caller's AWS credentials sign each call (`api.auth` is `iam`). */
  readonly signs: boolean;
  /** Throws when the credentials cannot be read. */
  headers(path: string): Promise<Readonly<Record<string, string>>>;
}
export interface ApiOptions {
  /** `fresh`: read it anew, as the stack or its key may have been replaced. */
  access(fresh: boolean): Promise<ApiAccess>;
  /** Calls a second at most. */
  readonly rate: number;
  readonly signal: AbortSignal;
}
/** One reading call. Throws CallFailed, or the signal's reason. */
export type Get = <T>(path: string, schema: z.ZodType<T>) => Promise<T>;

/** A call that did not bring what was asked for. Its text never holds an answer's headers or the request's. */
export class CallFailed extends Error {
  override readonly name = "CallFailed";
  readonly reason: Reason;
  readonly status: number | null;
  /** What the API asked for in `Retry-After`. */
  readonly retryAfterMs: number | null;
  constructor(reason: Reason, detail: string, status: number | null = null, retryAfterMs: number | null = null) {
    super(detail);
    this.reason = reason;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/** API Gateway gives up after 29 s and says so; somewhat longer, so that its answer is heard. */
const TIMEOUT_MS = 31_000;
/** The key and the address are read again so often at most. */
const ACCESS_EVERY_MS = 30_000;

/** Calls leave one after the other at the rate's distance. A refused key is read again for the calls that follow. */
export function apiReader({ access, rate, signal }: ApiOptions): Get {
  let next = 0;
  let known: Promise<ApiAccess> | undefined;
  let readAt = 0;
  let isRenewing = false;
  const current = (): Promise<ApiAccess> => {
    if (known === undefined) {
      readAt = Date.now();
      known = access(false);
      known.catch(() => {
        known = undefined;
      });
    }
    return known;
  };
  // Nobody waits for it: where AWS itself is away it may take minutes, and the next round asks again anyway.
  const renew = (): void => {
    if (isRenewing || Date.now() - readAt < ACCESS_EVERY_MS) return;
    isRenewing = true;
    readAt = Date.now();
    access(true)
      .then((fresh) => {
        known = Promise.resolve(fresh);
      })
      .catch(() => {})
      .finally(() => {
        isRenewing = false;
      });
  };
  const turn = async () => {
    const at = Math.max(Date.now(), next);
    next = at + 1000 / rate;
    await sleep(at - Date.now(), undefined, { signal });
  };
  return async (path, schema) => {
    await turn();
    try {
      return await read(await current(), path, schema, signal);
    } catch (error) {
      if (isStale(error)) renew();
      throw error;
    }
  };
}

/** The stack may have been removed and made again, or its key replaced. A 404 in our own words is about an item. */
const isStale = (error: unknown): boolean =>
  error instanceof CallFailed &&
  (["key", "signature", "unreachable"].includes(error.reason) || (error.reason === "absent" && error.message === ""));

async function read<T>(access: ApiAccess, path: string, schema: z.ZodType<T>, signal: AbortSignal): Promise<T> {
  const response = await send(access, path, signal);
  const body = await response.text().catch(() => {
    signal.throwIfAborted();
    throw new CallFailed("unreachable", "The connection broke off.");
  });
  if (response.status !== 200) throw refusal(response, body, access);
  const parsed = schema.safeParse(parsedJson(body));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new CallFailed("unreadable", `${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`, 200);
}

async function send({ url, headers: entry }: ApiAccess, path: string, signal: AbortSignal): Promise<Response> {
  const headers = { accept: "application/json", ...(await entry(path)) };
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    return await fetch(`${url}${path}`, {
      headers,
      redirect: "manual",
      signal: AbortSignal.any([signal, timeout]),
    });
  } catch {
    signal.throwIfAborted();
    throw timeout.aborted
      ? new CallFailed("timeout", "No answer in time.")
      : new CallFailed("unreachable", "Nothing answers at its address.");
  }
}

function refusal({ status, headers }: Response, body: string, { signs }: ApiAccess): CallFailed {
  const seconds = Number(headers.get("retry-after"));
  const retryAfterMs = seconds > 0 ? seconds * 1000 : null;
  const said = parsedJson(body) as { error?: { code?: unknown }; message?: unknown } | undefined;
  const detail = String(said?.error?.code ?? "").slice(0, 100);
  if (status === 429) return new CallFailed("limited", "The usage plan's limit is reached.", status, retryAfterMs);
  // API Gateway answers 403 to a path of an API that is gone, too.
  if (status === 401 || status === 403) {
    return signs
      ? new CallFailed("signature", "The API does not accept the signature.", status)
      : new CallFailed("key", "The API does not accept the key.", status);
  }
  if (status === 404) return new CallFailed("absent", detail, status);
  return new CallFailed(status >= 500 ? "failing" : "refused", detail, status, retryAfterMs);
}
function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
