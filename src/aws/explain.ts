import type { AwsFault } from "../engine/contract.ts";
import { FleetlogixError } from "../errors.ts";
import { isClockSkew, isCredentials, isDenied, isUnreachable } from "./faults.ts";

/** Words for the faults that are about the caller, not about the resource; undefined for all others. */
export function explain(
  fault: AwsFault,
  resource: string | undefined,
  where: { readonly endpoint?: string | undefined; readonly local: boolean },
) {
  const detail = { resource, awsCode: fault.code, requestId: fault.requestId };
  const what = fault.operation ? `${fault.operation}: ` : "";
  if (isClockSkew(fault)) {
    return new FleetlogixError("CREDENTIALS", `${what}AWS refuses the signature: this computer's clock is wrong (${fault.code})`, {
      ...detail,
      hint: "Set the clock, for instance by switching network time on, then run the same command again.",
    });
  }
  if (isCredentials(fault)) {
    return new FleetlogixError("CREDENTIALS", `${what}${fault.code}: ${fault.message}`, { ...detail, hint: credentialsHint(fault) });
  }
  if (isDenied(fault)) {
    return new FleetlogixError("ACCESS_DENIED", `${what}${fault.code}: ${fault.message}`, {
      ...detail,
      hint: `Ask for the permission ${missing(fault)} in an IAM policy of the caller, then run the same command again.`,
    });
  }
  if (isUnreachable(fault) && (where.endpoint !== undefined || fault.code === "ENOTFOUND")) {
    return new FleetlogixError("ENDPOINT_UNREACHABLE", `Nothing answers at ${where.endpoint ?? "AWS"} (${fault.code}).`, {
      ...detail,
      hint: where.local
        ? "Run `fleetlogix local start`, then the same command again."
        : "Check the address, the network and a proxy, then run the same command again.",
    });
  }
  return undefined;
}

function credentialsHint({ code }: AwsFault): string {
  if (/^CredentialsProvider/.test(code)) {
    return "Set AWS_PROFILE or --profile, run `aws configure` or `aws sso login`, or try everything without an account: --local.";
  }
  if (/^TokenProvider|Expired|TokenRefresh/.test(code))
    return "Log in again, for instance with `aws sso login`, then run the same command again.";
  return "Check the credentials with `aws sts get-caller-identity`, then run the same command again.";
}

/** AWS names the action in most refusals; S3's HEAD has no words, so the operation must do. */
function missing({ message, operation }: AwsFault): string {
  return /not authorized to perform:? ([\w-]+:\w+)/i.exec(message)?.[1] ?? operation ?? "that AWS names";
}
