import type { Credentials, LocalEnv, Principal } from "../../core/service.ts";
import type { Revision } from "./state.ts";

/** The lifetime of a sandbox's credentials, and so of the sandbox. */
export const SESSION_SECONDS = 12 * 3600;

/** Libraries look for this variable to know that they run in Lambda. Nothing listens there: the local runtime has its calls from a pipe. */
const RUNTIME_API = "127.0.0.1:9001";

export interface EnvironmentInput {
  readonly name: string;
  readonly region: string;
  readonly revision: Revision;
  readonly logStream: string;
  readonly codeFolder: string;
  readonly temporaryFolder: string;
  /** Path of Node.js. */
  readonly node: string;
  readonly credentials: Credentials;
  readonly endpoint: string;
}

/** The environment of a function: its own variables and Lambda's, but none of the server's. */
export function environmentOf(input: EnvironmentInput): Record<string, string> {
  const { config, version } = input.revision;
  const json = config.logFormat === "JSON";
  return {
    PATH: `${input.node.replace(/[/\\][^/\\]+$/, "")}:/usr/local/bin:/usr/bin:/bin`,
    LANG: "en_US.UTF-8",
    TZ: ":UTC",
    ...config.environment,
    TMPDIR: input.temporaryFolder,
    _HANDLER: config.handler,
    LAMBDA_TASK_ROOT: input.codeFolder,
    AWS_LAMBDA_RUNTIME_API: RUNTIME_API,
    AWS_LAMBDA_FUNCTION_NAME: input.name,
    AWS_LAMBDA_FUNCTION_VERSION: version,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(config.memoryMb),
    AWS_LAMBDA_LOG_GROUP_NAME: config.logGroup,
    AWS_LAMBDA_LOG_STREAM_NAME: input.logStream,
    AWS_LAMBDA_LOG_FORMAT: config.logFormat,
    ...(json && config.applicationLogLevel ? { AWS_LAMBDA_LOG_LEVEL: config.applicationLogLevel } : {}),
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_EXECUTION_ENV: `AWS_Lambda_${config.runtime}`,
    AWS_REGION: input.region,
    AWS_DEFAULT_REGION: input.region,
    AWS_ACCESS_KEY_ID: input.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: input.credentials.secretAccessKey,
    AWS_SESSION_TOKEN: input.credentials.sessionToken,
    AWS_ENDPOINT_URL: input.endpoint,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
  };
}

/** Credentials and principal of a function's role. Throws the fault of `env.assume`. */
export function roleSession(env: LocalEnv, roleArn: string, session: string): { credentials: Credentials; principal: Principal } {
  const credentials = env.assume(roleArn, session, SESSION_SECONDS);
  return { credentials, principal: env.identify(credentials.accessKeyId)?.principal ?? { type: "anonymous" } };
}
