import { setTimeout as sleep } from "node:timers/promises";
import type * as z from "zod";
import type { Reason } from "./model.ts";

/** Address and credentials of the deployed API. The headers hold the key or a signature and must not leave this file. */
export interface ApiAccess {
  readonly url: string;
  /** Whether the caller's AWS credentials sign each call (`api.auth` is `iam`). */
  readonly signs: boolean;
  /** Headers of a call to this path. Throws when the credentials cannot be read. */
  headers(path: string): Promise<Readonly<Record<string, string>>>;
}
export interface ApiOptions {
  /** With `fresh` it reads from AWS again, because the stack or its key may have been replaced. */
  access(fresh: boolean): Promise<ApiAccess>;
  /** Most calls per second. */
  readonly rate: number;
  readonly signal: AbortSignal;
}
/** Sends a GET call and parses its answer. Throws CallFailed, or the signal's reason. */
export type Get = <T>(path: string, schema: z.ZodType<T>) => Promise<T>;

/** A failed call. Its message never contains headers of the request or of the answer. */
export class CallFailed extends Error {
  override readonly name = "CallFailed";
  readonly reason: Reason;
  readonly status: number | null;
  /** The API's `Retry-After`. */
  readonly retryAfterMs: number | null;
  constructor(reason: Reason, detail: string, status: number | null = null, retryAfterMs: number | null = null) {
    super(detail);
    this.reason = reason;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/** API Gateway answers with a timeout after 29 s. This limit is longer, so that we receive that answer. */
const TIMEOUT_MS = 31_000;
/** Shortest time between two reads of the key and the address. */
const ACCESS_EVERY_MS = 30_000;

/** Spaces the calls evenly at the given rate. After a refused key it reads the key again for later calls. */
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
  // No call waits for this: when AWS does not answer it may take minutes, and each feed calls again later anyway.
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
  const waitForTurn = async () => {
    const at = Math.max(Date.now(), next);
    next = at + 1000 / rate;
    await sleep(at - Date.now(), undefined, { signal });
  };
  return async (path, schema) => {
    await waitForTurn();
    try {
      return await read(await current(), path, schema, signal);
    } catch (error) {
      if (isStale(error)) renew();
      throw error;
    }
  };
}

/** Whether the stack may have been created again or its key replaced. A 404 with one of our own codes is about an item, not about the stack. */
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
  const checked = schema.safeParse(parsedJson(body));
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
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
  const answer = parsedJson(body) as { error?: { code?: unknown } } | undefined;
  const detail = String(answer?.error?.code ?? "").slice(0, 100);
  if (status === 429) return new CallFailed("limited", "The usage plan's limit is reached.", status, retryAfterMs);
  // API Gateway also answers 403 for an API that has been deleted.
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
