import { X509Certificate } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { FleetlogixError } from "../errors.ts";
import { type Bundle, textOf } from "./transport.ts";

/**
 * Certificates of the authorities that RDS uses, one file for all regions of a partition: the addresses are those of the RDS User Guide,
 * "Using SSL/TLS to encrypt a connection to a DB instance". New authorities are added to the file from time to time.
 */
const BUNDLES: Readonly<Record<string, string>> = {
  aws: "https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem",
  "aws-us-gov": "https://truststore.pki.us-gov-west-1.rds.amazonaws.com/global/global-bundle.pem",
  "aws-cn": "https://rds-truststore.s3.cn-north-1.amazonaws.com.cn/global/global-bundle.pem",
};
const FRESH_MS = 30 * 86_400_000;
const TIMEOUT_MS = 20_000;

export interface AuthoritiesOptions extends Bundle {
  readonly partition: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly now: number;
  readonly signal: AbortSignal;
  /** Default: AWS's address for the partition. */
  readonly url?: string | undefined;
}

/** Path of the PEM file: PGSSLROOTCERT, else AWS's bundle, downloaded over HTTPS once a month into the user's cache folder. */
export async function rdsAuthorities(options: AuthoritiesOptions): Promise<string> {
  const { variables, partition, now, signal } = options;
  if (variables.PGSSLROOTCERT) return variables.PGSSLROOTCERT;
  const folder = join(variables.XDG_CACHE_HOME || join(homedir(), ".cache"), "fleetlogix");
  const file = join(folder, `rds-${partition}-bundle.pem`);
  const cached = ageOf(file, now);
  if (cached !== undefined && cached < FRESH_MS) return file;
  const url = options.url ?? BUNDLES[partition] ?? BUNDLES.aws ?? "";
  try {
    const pem = await download(url, signal, options);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // Renamed when it is complete, so that no other run reads half a file.
    writeFileSync(`${file}.${process.pid}`, pem, { mode: 0o644 });
    renameSync(`${file}.${process.pid}`, file);
  } catch (cause) {
    if (cached !== undefined) return file;
    throw new FleetlogixError("DATABASE_TLS", `The certificates of RDS could not be downloaded from ${url}: ${reason(cause)}.`, {
      hint: `Download that file on another network, then set PGSSLROOTCERT to its path and run the same command again.`,
      cause,
    });
  }
  return file;
}

function ageOf(file: string, now: number): number | undefined {
  try {
    return isBundle(readFileSync(file, "utf8")) ? now - statSync(file).mtimeMs : undefined;
  } catch {
    return undefined;
  }
}

async function download(url: string, signal: AbortSignal, bundle: Bundle): Promise<string> {
  const { status, text: pem } = await textOf(url, AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]), bundle);
  if (status !== 200) throw new Error(`HTTP ${status}`);
  if (!isBundle(pem)) throw new Error("the answer holds no certificates (a proxy's page?)");
  return pem;
}
function isBundle(pem: string): boolean {
  try {
    return new X509Certificate(pem).ca;
  } catch {
    return false;
  }
}

function reason(error: unknown): string {
  const { message, code } = error as { readonly message: string; readonly code?: unknown };
  return typeof code === "string" ? code : message;
}
