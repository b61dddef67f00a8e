import { FleetlogixError } from "../errors.ts";
import { toFault } from "./faults.ts";

/** Sentences of the SDK about settings outside the configuration file (from `@smithy/core` and the services' endpoint rules), and ours. */
const SETTINGS: readonly (readonly [RegExp, string])[] = [
  [
    /\bFIPS\b.*\bcustom endpoint\b|\bcustom endpoint\b.*\bFIPS\b/i,
    "AWS_USE_FIPS_ENDPOINT (`use_fips_endpoint` in the profile) does not go together with --endpoint-url",
  ],
  [
    /\bDual-?stack\b.*\bcustom endpoint\b|\bcustom endpoint\b.*\bDual-?stack\b/i,
    "AWS_USE_DUALSTACK_ENDPOINT (`use_dualstack_endpoint` in the profile) does not go together with --endpoint-url",
  ],
  [/\bFIPS\b.*not support|\bDual-?stack\b.*not support/i, "the region has no FIPS or dual-stack endpoints, which the AWS settings ask for"],
  [/"defaultsMode"/i, "AWS_DEFAULTS_MODE (`defaults_mode` in the profile) has a value that does not exist"],
  [/accountIdEndpointMode|AccountIdEndpoint/i, "AWS_ACCOUNT_ID_ENDPOINT_MODE (`account_id_endpoint_mode` in the profile) does not fit"],
  [/SigV4a|HttpAuthScheme/i, "AWS_AUTH_SCHEME_PREFERENCE (`auth_scheme_preference` in the profile) names no signature that works here"],
  [/\bendpoint\b|Invalid URL/i, "the AWS settings give no address for this call: look at the region and the endpoint settings"],
];

/**
 * The error of a call that the SDK did not send, in our words; the SDK's own are in `cause`. undefined: AWS, the network or the search for
 * credentials failed, or the error is already ours.
 */
export function unsent(error: unknown, operation: string): FleetlogixError | undefined {
  if (!(error instanceof Error) || error instanceof FleetlogixError || error.name === "AbortError" || toFault(error)) return undefined;
  const [, setting] = SETTINGS.find(([sentence]) => sentence.test(error.message)) ?? [];
  if (setting === undefined)
    return new FleetlogixError("INTERNAL", `The call ${operation} could not be built.`, {
      hint: "This is a bug: please report it with the output of `--verbose`.",
      cause: error,
    });
  return new FleetlogixError("CONFIG_INVALID", `The call ${operation} could not be built: ${setting}.`, {
    hint: "Correct or unset it, then run the same command again.",
    cause: error,
  });
}
