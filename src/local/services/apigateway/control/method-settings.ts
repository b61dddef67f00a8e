import type { MethodSetting } from "@aws-sdk/client-api-gateway";
import { badRequest, type StageDoc } from "../state.ts";
import type { Rules } from "./patch.ts";

/** AWS shows all of these for a method once one of its settings has been set. */
const DEFAULTS: MethodSetting = {
  metricsEnabled: false,
  dataTraceEnabled: false,
  throttlingBurstLimit: 5_000,
  throttlingRateLimit: 10_000,
  cachingEnabled: false,
  cacheTtlInSeconds: 300,
  cacheDataEncrypted: false,
  requireAuthorizationForCacheControl: true,
  unauthorizedCacheControlHeaderStrategy: "SUCCEED_WITH_RESPONSE_HEADER",
};
/** The setting's path below `/{resource}/{method}` → its member and the type of its value. */
const MEMBERS: Readonly<Record<string, readonly [keyof MethodSetting, "flag" | "number" | "text"]>> = {
  "metrics/enabled": ["metricsEnabled", "flag"],
  "logging/loglevel": ["loggingLevel", "text"],
  "logging/dataTrace": ["dataTraceEnabled", "flag"],
  "throttling/burstLimit": ["throttlingBurstLimit", "number"],
  "throttling/rateLimit": ["throttlingRateLimit", "number"],
  "caching/enabled": ["cachingEnabled", "flag"],
  "caching/ttlInSeconds": ["cacheTtlInSeconds", "number"],
  "caching/dataEncrypted": ["cacheDataEncrypted", "flag"],
  "caching/requireAuthorizationForCacheControl": ["requireAuthorizationForCacheControl", "flag"],
  "caching/unauthorizedCacheControlHeaderStrategy": ["unauthorizedCacheControlHeaderStrategy", "text"],
};

/** `parts` are resource path and verb, `*` and `*` for all methods. Keys keep the path escaped, as AWS shows them. */
const keyOf = ([resource = "", verb = ""]: readonly string[]): string => `${resource.replaceAll("~", "~0").replaceAll("/", "~1")}/${verb}`;

export const METHOD_SETTING_RULES: Rules<StageDoc> = {
  ...Object.fromEntries(
    Object.entries(MEMBERS).map(([path, [member, kind]]) => [
      `/*/*/${path}`,
      (draft: StageDoc, value: string | undefined, parts: readonly string[]) => {
        const key = keyOf(parts);
        if (value === undefined && !draft.methodSettings[key]) throw missing(key);
        const parsed =
          value === undefined ? DEFAULTS[member] : kind === "flag" ? value === "true" : kind === "number" ? numberOf(value) : value;
        draft.methodSettings[key] = { ...DEFAULTS, ...draft.methodSettings[key], [member]: parsed };
      },
    ]),
  ),
  "/*/*": (draft, _value, parts) => {
    const key = keyOf(parts);
    if (!draft.methodSettings[key]) throw missing(key);
    delete draft.methodSettings[key];
  },
};
const missing = (key: string) => badRequest(`Cannot remove method setting ${key} because there is no method setting for this method`);
function numberOf(value: string): number {
  const number = Number(value);
  if (!Number.isFinite(number) || number < 0) throw badRequest(`Invalid value '${value}' for a limit`);
  return number;
}

/** The throttle of a method, undefined if the stage sets none. The method's own setting overrides the one for all methods. */
export function throttleOf(
  stage: StageDoc,
  resourcePath: string,
  verb: string,
): { rateLimit: number; burstLimit: number; key: string } | undefined {
  const paths = [resourcePath, resourcePath.slice(1)];
  const own = paths.map((path) => keyOf([path, verb])).find((key) => stage.methodSettings[key]);
  const key = own ?? "*/*";
  const setting = stage.methodSettings[key];
  if (!setting) return undefined;
  return { rateLimit: setting.throttlingRateLimit ?? 10_000, burstLimit: setting.throttlingBurstLimit ?? 5_000, key };
}
