import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/**
 * Lets in who has the token: first in the address, from then on in a cookie. A page of another site cannot send the cookie (SameSite),
 * cannot be answered under another host's name (Host), and has its own Origin and Sec-Fetch-Site.
 */
export interface Guard {
  /** For the person: the link that works again and again. */
  readonly token: string;
  /** For the browser's command line, which others on this machine can read: it opens the page once. */
  readonly ticket: string;
  check(request: IncomingMessage): Verdict;
}
export type Verdict =
  | { readonly ok: true; readonly setCookie?: string | undefined }
  | { readonly ok: false; readonly status: 403 | 405 | 421 };

const makeToken = (): string => randomBytes(32).toString("base64url");
const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
const isEqual = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));

/** `port`: asked for at each call, as it is only known once the server listens. */
export function makeGuard(port: () => number): Guard {
  const [token, ticket] = [makeToken(), makeToken()];
  let isTicketUsed = false;
  // Browsers send cookies to every port of a host: another dashboard's must not be taken for this one's.
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
/** undefined: it is no address. */
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
