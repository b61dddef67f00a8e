import { LocalFault } from "../../core/service.ts";
import type { Config } from "./state.ts";

/** Runtimes that AWS accepts for new functions and that this process can run. */
const RUNTIMES = ["nodejs22.x", "nodejs24.x", "nodejs26.x"];
const RESERVED =
  /^(_HANDLER|_X_AMZN_TRACE_ID|AWS_DEFAULT_REGION|AWS_REGION|AWS_EXECUTION_ENV|AWS_LAMBDA_(FUNCTION_NAME|FUNCTION_MEMORY_SIZE|FUNCTION_VERSION|INITIALIZATION_TYPE|LOG_GROUP_NAME|LOG_STREAM_NAME|RUNTIME_API)|AWS_ACCESS_KEY(_ID)?|AWS_SECRET_ACCESS_KEY|AWS_SESSION_TOKEN|LAMBDA_TASK_ROOT|LAMBDA_RUNTIME_DIR)$/;

export const invalid = (message: string): LocalFault =>
  new LocalFault("InvalidParameterValueException", message, undefined, { Type: "User" });
const constraint = (value: unknown, member: string, rule: string): LocalFault =>
  new LocalFault(
    "ValidationException",
    `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: Member must ${rule}`,
    400,
  );

export function checkName(name: string): void {
  if (name.length > 64) throw constraint(name, "functionName", "have length less than or equal to 64");
}

/** Checks a configuration against AWS's limits. Throws InvalidParameterValueException in AWS's words. */
export function checkConfig(config: Config): void {
  checkRuntime(config.runtime);
  checkRange(config.timeout, "timeout", 1, 900);
  checkRange(config.memoryMb, "memorySize", 128, 10_240);
  checkRange(config.storageMb, "ephemeralStorage.size", 512, 10_240);
  if (!/^\S{1,128}$/.test(config.handler))
    throw constraint(config.handler, "handler", "satisfy regular expression pattern: [^\\s]+ with length at most 128");
  if (config.description.length > 256) throw constraint(config.description, "description", "have length less than or equal to 256");
  if (!/^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/.test(config.role))
    throw constraint(
      config.role,
      "role",
      "satisfy regular expression pattern: arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+",
    );
  checkEnvironment(config.environment ?? {});
  checkTarget(config.deadLetterArn);
}

const SERVED_TARGET = /^arn:[^:]+:(sns|lambda):/;
export const unservedTarget = (arn: string): LocalFault =>
  new LocalFault("NotImplemented", `The local AWS sends failed events to SNS topics and functions only, not to ${arn}.`, 501);
/** Checks the ARN of a destination or dead-letter target. */
export function checkTarget(arn: string | undefined): void {
  if (arn && !SERVED_TARGET.test(arn)) throw unservedTarget(arn);
}

function checkRuntime(runtime: string): void {
  if (RUNTIMES.includes(runtime)) return;
  if (/^nodejs/.test(runtime))
    throw invalid(
      `The runtime parameter of ${runtime} is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.`,
    );
  throw invalid(`Value ${runtime} at 'runtime' is refused: the local AWS runs Node.js only (${RUNTIMES.join(", ")}).`);
}

function checkRange(value: number, member: string, low: number, high: number): void {
  if (value < low) throw constraint(value, member, `have value greater than or equal to ${low}`);
  if (value > high || !Number.isInteger(value)) throw constraint(value, member, `have value less than or equal to ${high}`);
}

function checkEnvironment(environment: Readonly<Record<string, string>>): void {
  const start = "Lambda was unable to configure your environment variables because the environment variables you have provided";
  const names = Object.keys(environment);
  const bad = names.find((name) => !/^[a-zA-Z][a-zA-Z0-9_]+$/.test(name) && !RESERVED.test(name));
  if (bad) throw constraint(bad, "environment.variables", "satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+");
  const reserved = names.filter((name) => RESERVED.test(name));
  if (reserved.length > 0)
    throw invalid(
      `${start} contains reserved keys that are currently not supported for modification. Reserved keys used in this request: ${reserved.join(", ")}`,
    );
  const text = JSON.stringify(environment);
  if (Buffer.byteLength(text) > 4096) throw invalid(`${start} exceeded the 4KB limit. String measured: ${text}`);
}
