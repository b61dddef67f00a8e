import { FleetlogixError } from "../errors.ts";

type Variables = Readonly<Record<string, string | undefined>>;
const isOn = (value: string | undefined): boolean => value?.toLowerCase() === "true";

/**
 * The endpoint for all calls (`endpoint_url`) in the user's AWS profile; undefined: AWS itself. Throws USAGE for a profile with
 * endpoints for single services: the stack would be split between two endpoints.
 */
export async function profileEndpoint(profile: string | undefined, variables: Variables): Promise<string | undefined> {
  if (isOn(variables.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS)) return undefined;
  const { loadSharedConfigFiles } = await import("@smithy/core/config");
  const { configFile } = await loadSharedConfigFiles();
  const name = profile ?? variables.AWS_PROFILE ?? "default";
  const found = configFile[name] ?? {};
  if (isOn(found.ignore_configured_endpoint_urls)) return undefined;
  const services = found.services === undefined ? {} : (configFile[`services.${found.services}`] ?? {});
  const single = Object.keys(services).filter((key) => key.endsWith(".endpoint_url"));
  if (single.length === 0) return found.endpoint_url;
  const which = single.map((key) => key.replace(".endpoint_url", "")).join(", ");
  throw new FleetlogixError("USAGE", `The profile ${name} has endpoints for single services: ${which}.`, {
    hint: "Set one endpoint_url in the profile, pass --endpoint-url, or set AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true to use AWS.",
  });
}

/** The PEM file of AWS_CA_BUNDLE, or else of the profile's `ca_bundle`, as the `aws` command reads them. */
export async function caBundle(profile: string | undefined, variables: Variables): Promise<string | undefined> {
  if (variables.AWS_CA_BUNDLE) return variables.AWS_CA_BUNDLE;
  const { loadSharedConfigFiles } = await import("@smithy/core/config");
  const { configFile } = await loadSharedConfigFiles();
  return configFile[profile ?? variables.AWS_PROFILE ?? "default"]?.ca_bundle;
}

/** Every profile of the user's AWS configuration and credentials. */
export async function profileNames(): Promise<readonly string[]> {
  const { loadSharedConfigFiles } = await import("@smithy/core/config");
  const { configFile, credentialsFile } = await loadSharedConfigFiles();
  const names = [...Object.keys(configFile), ...Object.keys(credentialsFile)];
  return [...new Set(names)].filter((name) => !/^(services|sso-session)[. ]/.test(name)).sort();
}
