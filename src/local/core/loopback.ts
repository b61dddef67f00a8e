import { isIP } from "node:net";

/** The local AWS talks to this machine only. Throws a `TypeError` for what is no URL. */
export function isLoopback(address: string): boolean {
  const host = new URL(address).hostname.replace(/^\[|\]$/g, "");
  if (isIP(host)) return host === "::1" || host.startsWith("127.");
  return host === "localhost" || host.endsWith(".localhost");
}
