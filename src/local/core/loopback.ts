import { isIP } from "node:net";

/** Is the URL one of this machine? The local AWS sends requests to no other. Throws a `TypeError` when the text is no URL. */
export function isLoopback(address: string): boolean {
  const host = new URL(address).hostname.replace(/^\[|\]$/g, "");
  if (isIP(host)) return host === "::1" || host.startsWith("127.");
  return host === "localhost" || host.endsWith(".localhost");
}
