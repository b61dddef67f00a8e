import type { IncomingMessage, ServerResponse } from "node:http";
import type { Dispatcher } from "./dispatcher.ts";
import type { LocalEnv, LocalService } from "./service.ts";

/** The parts of the server that each request needs. */
export interface ServerContext {
  readonly dispatcher: Dispatcher;
  readonly services: readonly LocalService[];
  readonly env: LocalEnv;
  /** Resolves when every service has started. */
  readonly opened: Promise<void>;
  /** Ends the process. Only the daemon has it. */
  readonly stop?: (() => void) | undefined;
}

export function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  const body = JSON.stringify({ code, message });
  response
    .writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(body), connection: "close" })
    .end(body);
}

const read = new WeakMap<IncomingMessage, Record<string, string>>();

/** The headers by lower-case name; repeated ones are joined by commas. */
export function headersOf(request: IncomingMessage): Readonly<Record<string, string>> {
  const known = read.get(request);
  if (known) return known;
  // Without a prototype: names come from outside, and a lookup of `constructor` must find nothing.
  const headers: Record<string, string> = Object.create(null);
  for (const name in request.headers) {
    const value = request.headers[name];
    headers[name] = Array.isArray(value) ? value.join(",") : (value ?? "");
  }
  read.set(request, headers);
  return headers;
}
