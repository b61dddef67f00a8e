import type { AwsLocation } from "../engine/contract.ts";
import { FleetlogixError } from "../errors.ts";
import type { AwsClients } from "./clients.ts";
import { type Bundle, textOf } from "./transport.ts";

const LOCAL_ACCOUNT = "000000000000";
const LOOPBACK = /^(127(\.\d{1,3}){3}|localhost|\[::1\])$/;
const CHECKIP = "https://checkip.amazonaws.com";

/** `--local` allows this computer only. Throws LOCAL_REFUSED before the first call. */
export function refuseUnlessLoopback(endpoint: string | undefined): void {
  const host = endpoint !== undefined && URL.canParse(endpoint) ? new URL(endpoint).hostname : undefined;
  if (host !== undefined && LOOPBACK.test(host)) return;
  throw new FleetlogixError("LOCAL_REFUSED", `--local was pointed at ${endpoint ?? "AWS itself"}, which is not this computer.`, {
    hint: "Leave out --endpoint-url and AWS_ENDPOINT_URL with --local, or leave out --local.",
  });
}

/** Account, region and partition of the caller. Needs no permission. Throws the SDK's errors. */
export async function identify(clients: Pick<AwsClients, "sts">, region: string): Promise<AwsLocation> {
  const { Account: account = "", Arn: arn = "" } = await (await clients.sts()).getCallerIdentity({});
  if (!/^\d{12}$/.test(account)) {
    throw new FleetlogixError("ENDPOINT_UNREACHABLE", "The answer does not come from AWS: it names no account.", {
      hint: "A proxy or the log-in page of a network answers instead: check the address, HTTPS_PROXY and NO_PROXY.",
    });
  }
  return { account, region, partition: arn.split(":")[1] || "aws" };
}

/** True for the account of the local AWS and of other imitations. There a database gets a free port. */
export const isLocalAccount = ({ account }: AwsLocation): boolean => account === LOCAL_ACCOUNT;

export function refuseForeignAccount(place: AwsLocation, endpoint: string | undefined): void {
  const { account } = place;
  if (isLocalAccount(place)) return;
  throw new FleetlogixError(
    "LOCAL_REFUSED",
    `The endpoint ${endpoint} belongs to account ${account}, not to the local AWS (${LOCAL_ACCOUNT}).`,
    {
      hint: "Stop the other program or choose another port with FLEETLOGIX_LOCAL_PORT.",
    },
  );
}

/** Our public address as a CIDR; at an endpoint other than AWS the loopback address. */
export async function callerCidr(endpoint: string | undefined, bundle: Bundle = {}, timeoutMs = 5_000): Promise<string> {
  if (endpoint !== undefined) return "127.0.0.1/32";
  try {
    const answer = await textOf(CHECKIP, AbortSignal.timeout(timeoutMs), bundle);
    const address = answer.text.trim();
    if (answer.status === 200 && /^\d{1,3}(\.\d{1,3}){3}$/.test(address)) return `${address}/32`;
    throw new Error(`${CHECKIP} answered ${answer.status} ${address.slice(0, 40)}`);
  } catch (cause) {
    throw new FleetlogixError("PREFLIGHT", "The public address of this computer is unknown, so the database cannot be opened to it.", {
      hint: "Write the addresses that may reach the database into `database.allowedCidrs`.",
      cause,
    });
  }
}
