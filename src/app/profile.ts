import { profileNames } from "../aws/endpoints.ts";
import { choiceHint } from "../config/one-of.ts";
import { FleetlogixError } from "../errors.ts";

/** Throws CREDENTIALS for a profile that is not in the AWS configuration. The SDK would only report that there are no credentials. */
export async function refuseUnknownProfile(
  profile: string | undefined,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const name = profile ?? variables.AWS_PROFILE;
  if (!name || name === "default") return;
  const known = await profileNames();
  if (known.includes(name)) return;
  const none = "There are no profiles: `aws configure --profile NAME` creates one.";
  const source = profile === undefined ? "AWS_PROFILE" : "--profile";
  throw new FleetlogixError("CREDENTIALS", `There is no profile ${JSON.stringify(name)} (${source}) in the AWS configuration.`, {
    hint: known.length > 0 ? choiceHint(name, known) : none,
  });
}
