import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/**
 * Accepts requests with the token: first in the address, then in a cookie. It stops pages of other sites in three ways: their browser
 * does not send the cookie (SameSite), another host name is refused (Host), and their Origin and Sec-Fetch-Site differ from ours.
 */
export interface Guard {
  /** For the printed link; it works any number of times. */
  readonly token: string;
  /** Works once. For the browser's command line, which other users of this machine can read. */
  readonly ticket: string;
  check(request: IncomingMessage): Verdict;
}
export type Verdict =
  | { readonly ok: true; readonly setCookie?: string | undefined }
  | { readonly ok: false; readonly status: 403 | 405 | 421 };

const makeToken = (): string => randomBytes(32).toString("base64url");
const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
const isEqual = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));

/** `port` is a function because the port is known only when the server listens. */
export function makeGuard(port: () => number): Guard {
  const [token, ticket] = [makeToken(), makeToken()];
  let isTicketUsed = false;
  // Browsers send a cookie to all ports of a host, so the name contains the port: two dashboards must not share a cookie.
  const cookieName = () => `fleetlogix-dashboard-${port()}`;
  const isKnown = (given: string | null): boolean => {
    if (given === null) return false;
    if (isEqual(given, token)) return true;
    if (isTicketUsed || !isEqual(given, ticket)) return false;
    isTicketUsed = true;
    return true;
  };
  return {
    token,
    ticket,
    check(request) {
      if (request.method !== "GET" && request.method !== "HEAD") return { ok: false, status: 405 };
      if (!isOwnHost(request, port())) return { ok: false, status: 421 };
      const cookie = cookieOf(request, cookieName());
      if (cookie !== undefined && isEqual(cookie, token) && !isFromElsewhere(request)) return { ok: true };
      const address = addressOf(request);
      if (address?.pathname !== "/" || !isKnown(address.searchParams.get("token"))) return { ok: false, status: 403 };
      return { ok: true, setCookie: `${cookieName()}=${token}; HttpOnly; SameSite=Strict; Path=/` };
    },
  };
}

const BASE = "http://127.0.0.1";
/** undefined: the request has no valid address. */
export const addressOf = ({ url = "" }: IncomingMessage): URL | undefined => (URL.canParse(url, BASE) ? new URL(url, BASE) : undefined);

const isOwnHost = ({ headers: { host } }: IncomingMessage, port: number): boolean =>
  host === `127.0.0.1:${port}` || host === `localhost:${port}`;

function isFromElsewhere({ headers }: IncomingMessage): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin" && site !== "none") return true;
  return headers.origin !== undefined && headers.origin !== `http://${headers.host}`;
}

function cookieOf({ headers: { cookie = "" } }: IncomingMessage, name: string): string | undefined {
  const pair = cookie.split(";").find((one) => one.trim().startsWith(`${name}=`));
  return pair?.trim().slice(name.length + 1);
}
