import { FleetlogixError } from "../errors.ts";
import type { GlobalFlags } from "./context.ts";

/** Target of the AWS calls. */
export type Target =
  | { readonly kind: "aws" }
  | { readonly kind: "endpoint"; readonly url: string }
  /** `url` undefined: the local AWS of this folder, started when it is not running. */
  | { readonly kind: "local"; readonly url?: string | undefined };

type Variables = Readonly<Record<string, string | undefined>>;
const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);

/** True when the target is the local AWS. Pure. */
export const isLocal = (flags: Pick<GlobalFlags, "local">, variables: Variables): boolean =>
  flags.local || isOn(variables.FLEETLOGIX_LOCAL);

/** Flags override variables. The local AWS overrides any other endpoint, so with FLEETLOGIX_LOCAL=1 a shell does not call AWS. Pure. */
export function targetOf(flags: Pick<GlobalFlags, "local" | "endpointUrl">, variables: Variables): Target {
  const url = flags.endpointUrl;
  if (isLocal(flags, variables)) {
    if (url !== undefined && !LOOPBACK.has(new URL(url).hostname)) {
      throw new FleetlogixError("LOCAL_REFUSED", `--local calls only this machine, and ${url} is another one.`, {
        hint: "Leave out --local (and FLEETLOGIX_LOCAL) to use that endpoint, or leave out --endpoint-url.",
      });
    }
    return { kind: "local", url };
  }
  const endpoint = url ?? configured(variables);
  return endpoint === undefined ? { kind: "aws" } : { kind: "endpoint", url: endpoint };
}

/** The endpoint variables of the SDK, for the services that fleetlogix calls. */
const SERVICES = [
  "S3",
  "DYNAMODB",
  "RDS",
  "LAMBDA",
  "API_GATEWAY",
  "SNS",
  "IAM",
  "STS",
  "EC2",
  "CLOUDWATCH_LOGS",
  "SECRETS_MANAGER",
  "KMS",
];

function configured(variables: Variables): string | undefined {
  if (isOn(variables.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS)) return undefined;
  const all = variables.AWS_ENDPOINT_URL || undefined;
  const names = SERVICES.map((service) => `AWS_ENDPOINT_URL_${service}`);
  const single = names.filter((name) => variables[name] && variables[name] !== all);
  if (single.length === 0) return all;
  throw new FleetlogixError("USAGE", `${single.join(", ")}: fleetlogix calls one endpoint for all services.`, {
    hint: "Unset it, name the one endpoint with --endpoint-url, or set AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true to use AWS.",
  });
}
const isOn = (value: string | undefined): boolean => value === "1" || value?.toLowerCase() === "true";

/** FLEETLOGIX_LOCAL_HOSTS: comma-separated host names under which the APIs of the local AWS may be called. Pure. */
export const localHosts = (variables: Variables): string[] =>
  (variables.FLEETLOGIX_LOCAL_HOSTS ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean);

const DEFAULT_PORT = 4566;
/** --port, FLEETLOGIX_LOCAL_PORT, 4566. `chosen`: a flag or variable set this port. Pure. */
export function localPort(flags: Pick<GlobalFlags, "port">, variables: Variables): { readonly port: number; readonly chosen: boolean } {
  const variable = variables.FLEETLOGIX_LOCAL_PORT;
  if (flags.port !== undefined) return { port: flags.port, chosen: true };
  if (!variable) return { port: DEFAULT_PORT, chosen: false };
  const port = Number(variable);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return { port, chosen: true };
  throw new FleetlogixError("USAGE", `FLEETLOGIX_LOCAL_PORT is ${JSON.stringify(variable)}, which is not a port.`, {
    hint: "Set it to a number from 1 to 65535, or unset it.",
  });
}
