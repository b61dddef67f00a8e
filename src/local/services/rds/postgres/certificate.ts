import { generateKeyPairSync } from "node:crypto";
import { selfSigned } from "../../../core/certificate.ts";

/** Key and certificate as PEM texts. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

const DAY_MS = 86_400_000;
const LIFE_DAYS = 3_650;

/** Makes a key and its certificate for localhost and 127.0.0.1. Clients that verify it use the certificate as their root. */
export function makeCertificate(nowMs: number): Certificate {
  const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const [from, until] = [nowMs - DAY_MS, nowMs + LIFE_DAYS * DAY_MS];
  return {
    key: keys.privateKey.export({ type: "pkcs8", format: "pem" }) as string,
    cert: selfSigned({ name: "fleetlogix local RDS", ...keys, from, until, loopback: true }),
  };
}
