import type { AwsFault } from "../engine/contract.ts";
import { FleetlogixError } from "../errors.ts";
import { isCertificate, isClockSkew, isCredentials, isDenied, isForeignAnswer, isUnreachable, isWithoutTls } from "./faults.ts";

/** Endpoint of the calls, and facts about the connection for error messages. */
export interface Where {
  readonly endpoint?: string | undefined;
  readonly local: boolean;
  readonly region?: string | undefined;
  /** A sentence about a region that is on no list. */
  readonly regionAdvice?: string | undefined;
  /** Without name and password. */
  readonly proxy?: string | undefined;
}

/** Errors for faults that concern the caller or the connection, not the resource; undefined for all others. */
export function explain(fault: AwsFault, resource: string | undefined, where: Where): FleetlogixError | undefined {
  const detail = { resource, awsCode: fault.code, requestId: fault.requestId };
  const what = fault.operation ? `${fault.operation}: ` : "";
  if (isClockSkew(fault)) {
    return new FleetlogixError("CREDENTIALS", `${what}AWS refuses the signature: this computer's clock is wrong (${fault.code})`, {
      ...detail,
      hint: "Set the clock, for instance by switching network time on, then run the same command again.",
    });
  }
  if (isCredentials(fault)) {
    const own = /^(Credentials|Token)Provider/.test(fault.code);
    return new FleetlogixError(
      "CREDENTIALS",
      own ? `${sentence(fault.message)} (${fault.code}).` : `${what}${fault.code}: ${fault.message}`,
      { ...detail, hint: credentialsHint(fault) },
    );
  }
  if (isDenied(fault)) {
    return new FleetlogixError("ACCESS_DENIED", `${what}${fault.code}: ${fault.message}`, {
      ...detail,
      hint: `Ask for the permission ${missing(fault)} in an IAM policy of the caller, then run the same command again.`,
    });
  }
  return explainConnection(fault, where, detail);
}

/** Errors of the connection to AWS. */
function explainConnection(fault: AwsFault, where: Where, detail: object): FleetlogixError | undefined {
  const at = fault.host ?? where.endpoint ?? "AWS";
  const through = where.proxy === undefined ? "" : ` through the proxy ${where.proxy}`;
  const unreachable = (message: string, hint: string) => new FleetlogixError("ENDPOINT_UNREACHABLE", message, { ...detail, hint });
  const check = "Check the address, the network and HTTPS_PROXY, then run the same command again.";
  if (isCertificate(fault)) {
    return new FleetlogixError("CERTIFICATE", `The certificate of ${at}${through} is not trusted: ${fault.message} (${fault.code}).`, {
      ...detail,
      hint: "Name your company's certificates with AWS_CA_BUNDLE=FILE (PEM), or `ca_bundle` in the profile, when a proxy opens TLS; otherwise do not trust this network.",
    });
  }
  if (isWithoutTls(fault)) {
    const hint = "Write `http://` for an endpoint without TLS; otherwise check HTTPS_PROXY and NO_PROXY, then run the same command again.";
    return unreachable(`${at}${through} was called with https and does not speak TLS (${fault.code}).`, hint);
  }
  if (fault.status === 407) {
    const hint =
      "Write name and password into HTTPS_PROXY (http://NAME:PASSWORD@HOST:PORT), or name the hosts that need no proxy in NO_PROXY.";
    return unreachable(`The proxy ${where.proxy ?? "in between"} asks for a name and a password (407).`, hint);
  }
  if (isForeignAnswer(fault)) {
    const hint =
      "A proxy or the log-in page of a network answers instead: open a page in the browser, check HTTPS_PROXY and NO_PROXY, then run the same command again.";
    return unreachable(
      `The answer for ${where.endpoint ?? "AWS"}${through} does not come from AWS: it is a page with HTTP status ${fault.status}.`,
      hint,
    );
  }
  if (fault.code === "ENOTFOUND" && where.endpoint === undefined) {
    const advice = where.regionAdvice ?? `Is the region "${where.region}" right, and is there a network?`;
    return unreachable(`${at} does not exist (ENOTFOUND; region ${where.region}). ${advice}`, check);
  }
  if (!isUnreachable(fault) || (where.endpoint === undefined && fault.code !== "EAI_AGAIN" && where.proxy === undefined)) return undefined;
  const hint = where.local ? "Run `fleetlogix local start`, then the same command again." : check;
  const advice = where.regionAdvice === undefined ? "" : ` ${where.regionAdvice}`;
  return unreachable(`Nothing answers at ${at}${through} (${fault.code}).${advice}`, hint);
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

function credentialsHint({ code }: AwsFault): string {
  if (/^CredentialsProvider/.test(code)) {
    return "Set AWS_PROFILE or --profile, run `aws configure` or `aws sso login`, or try everything without an account: --local.";
  }
  if (/^TokenProvider|Expired|TokenRefresh/.test(code))
    return "Log in again, for instance with `aws sso login`, then run the same command again.";
  return "Check the credentials with `aws sts get-caller-identity`, then run the same command again.";
}

/** AWS names the action in most refusals. An answer to S3's HEAD has no text, so the operation is named instead. */
function missing({ message, operation }: AwsFault): string {
  return /not authorized to perform:? ([\w-]+:\w+)/i.exec(message)?.[1] ?? operation ?? "that AWS names";
}
