import { isIP } from "node:net";

/** True when the URL is on this machine. The local AWS sends requests to no other host. Throws a `TypeError` when the text is no URL. */
export function isLoopback(address: string): boolean {
  const host = new URL(address).hostname.replace(/^\[|\]$/g, "");
  if (isIP(host)) return host === "::1" || host.startsWith("127.");
  return host === "localhost" || host.endsWith(".localhost");
}
