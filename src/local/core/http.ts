import type { IncomingMessage, ServerResponse } from "node:http";
import type { Dispatcher } from "./dispatcher.ts";
import type { LocalEnv, LocalService } from "./service.ts";

/** What every request is answered with. */
export interface Hall {
  readonly dispatcher: Dispatcher;
  readonly services: readonly LocalService[];
  readonly env: LocalEnv;
  /** Settles when every service has started. */
  readonly opened: Promise<void>;
  /** Ends the process that is nothing but this server. */
  readonly stop?: (() => void) | undefined;
}

export function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  const body = JSON.stringify({ code, message });
  response
    .writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(body), connection: "close" })
    .end(body);
}

const read = new WeakMap<IncomingMessage, Record<string, string>>();

/** Lower-case names, one text each. */
export function headersOf(request: IncomingMessage): Readonly<Record<string, string>> {
  const known = read.get(request);
  if (known) return known;
  // Names come from outside: `constructor` is no header that was sent.
  const headers: Record<string, string> = Object.create(null);
  for (const name in request.headers) {
    const value = request.headers[name];
    headers[name] = Array.isArray(value) ? value.join(",") : (value ?? "");
  }
  read.set(request, headers);
  return headers;
}
