import { randomBytes } from "node:crypto";
import type { LocalClock } from "../../core/clock.ts";

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/** A prefix such as `AROA` and 17 random characters, as in AWS's unique ids. */
export const freshId = (prefix: string): string => prefix + [...randomBytes(17)].map((byte) => BASE32[byte % BASE32.length]).join("");

/** The present time in ISO 8601 with whole seconds, as IAM stores it. */
export const nowInSeconds = (clock: LocalClock): string => new Date(Math.floor(clock.now() / 1000) * 1000).toISOString();

/** Policy documents are returned percent-encoded (RFC 3986). */
export const encodedPolicy = (document: string): string =>
  encodeURIComponent(document).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
