import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { FleetlogixError } from "../errors.ts";
import { addressOf, makeGuard } from "./guard.ts";
import type { PageFile } from "./page-files.ts";
import type { Stream } from "./stream.ts";

export interface PageServer {
  readonly port: number;
  /** Link that opens the page any number of times. */
  readonly url: string;
  /** Link that opens the page once. */
  readonly onceUrl: string;
  close(): Promise<void>;
}
export interface PageServerOptions {
  /** undefined: any free port. */
  readonly port: number | undefined;
  readonly files: ReadonlyMap<string, PageFile>;
  readonly stream: Stream;
  /** URL template of a tile server. */
  readonly tiles: string | undefined;
}

/** Serves the page on loopback. Throws PORT_BUSY when the port is in use. */
export async function servePage({ port: wanted, files, stream, tiles }: PageServerOptions): Promise<PageServer> {
  let port = wanted ?? 0;
  const guard = makeGuard(() => port);
  const headers = headersFor(tiles);
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    const verdict = guard.check(request);
    if (!verdict.ok) {
      refuse(response, verdict.status);
      return;
    }
    if (verdict.setCookie !== undefined) response.setHeader("set-cookie", verdict.setCookie);
    answer(request, response, files, stream);
  });
  await listen(server, port);
  port = (server.address() as AddressInfo).port;
  const at = (token: string) => `http://127.0.0.1:${port}/?token=${token}`;
  return {
    port,
    url: at(guard.token),
    onceUrl: at(guard.ticket),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        stream.close();
        server.closeAllConnections();
      }),
  };
}

/** Allows scripts, styles and data from this server only, and images also from the tile server. */
function headersFor(tiles: string | undefined): Readonly<Record<string, string>> {
  const tileSource = tiles === undefined ? "" : ` ${tileOrigin(tiles)}`;
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    `img-src 'self' data:${tileSource}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    "content-security-policy": policy.join("; "),
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
  };
}
/** `https://{s}.tile.example/{z}/{x}/{y}.png` → `https://*.tile.example`. */
export const tileOrigin = (tiles: string): string => new URL(tiles.replace("{s}.", "s0.")).origin.replace("//s0.", "//*.");

const REFUSALS = {
  403: "Open the link that `fleetlogix dashboard` printed when it started.",
  404: "The dashboard has no such page.",
  405: "The dashboard accepts only GET and HEAD.",
  421: "Open the dashboard at 127.0.0.1 or localhost.",
} as const;
function refuse(response: ServerResponse, status: keyof typeof REFUSALS): void {
  if (status === 405) response.setHeader("allow", "GET, HEAD");
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" });
  response.end(`${REFUSALS[status]}\n`);
}

function answer(request: IncomingMessage, response: ServerResponse, files: ReadonlyMap<string, PageFile>, stream: Stream): void {
  const path = addressOf(request)?.pathname ?? "";
  const isHead = request.method === "HEAD";
  const file = files.get(path);
  if (path === "/events" && !isHead) stream.add(response);
  else if (!file) refuse(response, 404);
  else {
    response.writeHead(200, { "content-type": file.type, "content-length": file.content.length });
    response.end(isHead ? undefined : file.content);
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const isTaken = cause.code === "EADDRINUSE";
      if (!isTaken && cause.code !== "EACCES") return reject(cause);
      const message = isTaken ? `Port ${port} is taken by another program.` : `Your user may not use port ${port}.`;
      reject(
        new FleetlogixError("PORT_BUSY", message, { hint: "Choose another port with --port, or omit --port to use any free port.", cause }),
      );
    });
    server.listen(port, "127.0.0.1", resolve);
  });
}
