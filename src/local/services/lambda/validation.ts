import { LocalFault } from "../../core/service.ts";
import { invalid } from "./faults.ts";
import type { Config } from "./state.ts";

/** Runtimes that AWS accepts for new functions and that this process can run. */
const RUNTIMES = ["nodejs22.x", "nodejs24.x", "nodejs26.x"];
/** Runtimes that AWS accepts for new functions, and that need another program. */
const OTHER_RUNTIMES = [
  ...["dotnet8", "dotnet10", "java8.al2", "java11", "java17", "java21", "java25", "provided.al2", "provided.al2023"],
  ...["python3.10", "python3.11", "python3.12", "python3.13", "python3.14", "ruby3.2", "ruby3.3", "ruby3.4", "ruby4.0"],
];
const FORMER_RUNTIME = /^(nodejs\d*\.(x|\d+)(-edge)?|nodejs|python[23]\.\d|java8|go1\.x|provided|ruby[23]\.\d|dotnet(core)?\d(\.\d)?)$/;
const RESERVED =
  /^(_HANDLER|_X_AMZN_TRACE_ID|AWS_DEFAULT_REGION|AWS_REGION|AWS_EXECUTION_ENV|AWS_LAMBDA_(FUNCTION_NAME|FUNCTION_MEMORY_SIZE|FUNCTION_VERSION|INITIALIZATION_TYPE|LOG_GROUP_NAME|LOG_STREAM_NAME|RUNTIME_API)|AWS_ACCESS_KEY(_ID)?|AWS_SECRET_ACCESS_KEY|AWS_SESSION_TOKEN|LAMBDA_TASK_ROOT|LAMBDA_RUNTIME_DIR)$/;

export function checkName(name: string): void {
  if (name.length <= 64) return;
  throw invalid(
    `1 validation error detected: Value '${name}' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 64`,
  );
}

/** Checks what the published model does not say. */
export function checkConfig(config: Config): void {
  checkRuntime(config.runtime);
  checkLimit(config.timeout, "timeout", 900);
  checkLimit(config.memoryMb, "memorySize", 10_240);
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
  if (OTHER_RUNTIMES.includes(runtime))
    throw invalid(`Value ${runtime} at 'runtime' is refused: the local AWS runs Node.js only (${RUNTIMES.join(", ")}).`);
  if (FORMER_RUNTIME.test(runtime))
    throw invalid(
      `The runtime parameter of ${runtime} is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.`,
    );
  throw invalid(
    `Value ${runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [${[...RUNTIMES, ...OTHER_RUNTIMES].join(", ")}] or be a valid ARN`,
  );
}

function checkLimit(value: number, member: string, high: number): void {
  if (value > high)
    throw new LocalFault(
      "ValidationException",
      `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: Member must have value less than or equal to ${high}`,
      400,
    );
}

function checkEnvironment(environment: Readonly<Record<string, string>>): void {
  const start = "Lambda was unable to configure your environment variables because the environment variables you have provided";
  const names = Object.keys(environment);
  const reserved = names.filter((name) => RESERVED.test(name));
  if (reserved.length > 0)
    throw invalid(
      `${start} contains reserved keys that are currently not supported for modification. Reserved keys used in this request: ${reserved.join(", ")}`,
    );
  const text = JSON.stringify(environment);
  if (Buffer.byteLength(text) > 4096) throw invalid(`${start} exceeded the 4KB limit. String measured: ${text}`);
}
