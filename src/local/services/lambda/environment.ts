import type { Credentials, LocalEnv, Principal } from "../../core/service.ts";
import type { Revision } from "./model.ts";

/** A sandbox outlives no more than this, like its credentials. */
export const SESSION_SECONDS = 12 * 3600;

export interface Place {
  readonly name: string;
  readonly region: string;
  readonly revision: Revision;
  readonly logStream: string;
  readonly codeFolder: string;
  readonly temporaryFolder: string;
  readonly runtimeApi: string;
  /** Path of Node.js. */
  readonly node: string;
  readonly credentials: Credentials;
  readonly endpoint: string;
}

/** Everything a function finds in its environment: its own variables and Lambda's, nothing of the process that runs it. */
export function environmentOf(place: Place): Record<string, string> {
  const { config, version } = place.revision;
  const json = config.logFormat === "JSON";
  return {
    PATH: `${place.node.replace(/[/\\][^/\\]+$/, "")}:/usr/local/bin:/usr/bin:/bin`,
    LANG: "en_US.UTF-8",
    TZ: ":UTC",
    ...config.environment,
    TMPDIR: place.temporaryFolder,
    _HANDLER: config.handler,
    LAMBDA_TASK_ROOT: place.codeFolder,
    AWS_LAMBDA_RUNTIME_API: place.runtimeApi,
    AWS_LAMBDA_FUNCTION_NAME: place.name,
    AWS_LAMBDA_FUNCTION_VERSION: version,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(config.memoryMb),
    AWS_LAMBDA_LOG_GROUP_NAME: config.logGroup,
    AWS_LAMBDA_LOG_STREAM_NAME: place.logStream,
    AWS_LAMBDA_LOG_FORMAT: config.logFormat,
    ...(json && config.applicationLogLevel ? { AWS_LAMBDA_LOG_LEVEL: config.applicationLogLevel } : {}),
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_EXECUTION_ENV: `AWS_Lambda_${config.runtime}`,
    AWS_REGION: place.region,
    AWS_DEFAULT_REGION: place.region,
    AWS_ACCESS_KEY_ID: place.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: place.credentials.secretAccessKey,
    AWS_SESSION_TOKEN: place.credentials.sessionToken,
    AWS_ENDPOINT_URL: place.endpoint,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
  };
}

/** The function's role as the caller of other services, on the function's behalf. */
export function roleSession(env: LocalEnv, roleArn: string, session: string): { credentials: Credentials; principal: Principal } {
  const credentials = env.assume(roleArn, session, SESSION_SECONDS);
  return { credentials, principal: env.identify(credentials.accessKeyId)?.principal ?? { type: "anonymous" } };
}
