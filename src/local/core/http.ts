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

/** Lower-case names, one text each. */
export const headersOf = (request: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(",") : (value ?? "")]),
  );
