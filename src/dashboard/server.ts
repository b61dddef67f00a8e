import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { FleetlogixError } from "../errors.ts";
import { addressOf, makeGuard } from "./guard.ts";
import type { PageFile } from "./page-files.ts";
import type { Stream } from "./stream.ts";

export interface PageServer {
  readonly port: number;
  /** Opens the page again and again. */
  readonly url: string;
  /** Opens it once. */
  readonly onceUrl: string;
  close(): Promise<void>;
}
export interface PageServerOptions {
  /** undefined: a free one. */
  readonly port: number | undefined;
  readonly files: ReadonlyMap<string, PageFile>;
  readonly stream: Stream;
  /** Template of a tile server's addresses. */
  readonly tiles: string | undefined;
}

/** The page's server, on this computer only. PORT_BUSY when the port is taken. */
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

/** Scripts, styles and data come from this server alone; pictures also from the tile server that was named. */
function headersFor(tiles: string | undefined): Readonly<Record<string, string>> {
  const pictures = tiles === undefined ? "" : ` ${tileOrigin(tiles)}`;
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    `img-src 'self' data:${pictures}`,
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

const WORDS = {
  403: "This page needs the link that `fleetlogix dashboard` printed when it started.",
  404: "There is nothing here.",
  405: "This page is only read.",
  421: "This server answers to 127.0.0.1 only.",
} as const;
function refuse(response: ServerResponse, status: keyof typeof WORDS): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8", ...(status === 405 && { allow: "GET, HEAD" }) });
  response.end(`${WORDS[status]}\n`);
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
      const message = isTaken ? `Port ${port} is taken by another program.` : `Port ${port} may not be used by you.`;
      reject(
        new FleetlogixError("PORT_BUSY", message, { hint: "Choose another one with --port, or leave --port out for a free one.", cause }),
      );
    });
    server.listen(port, "127.0.0.1", resolve);
  });
}
