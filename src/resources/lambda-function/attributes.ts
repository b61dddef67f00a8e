import type { CreateFunctionCommandInput, FunctionConfiguration } from "@aws-sdk/client-lambda";
import { type Attributes, allWrites, member, wantedAttributes, writesOf } from "../../aws/attributes.ts";
import { touches } from "../../aws/changes.ts";
import type { Change } from "../../engine/contract.ts";
import type { FunctionSpec, Settings } from "./types.ts";

type Configuration = Partial<CreateFunctionCommandInput>;
const environmentOf = (spec: FunctionSpec): Configuration => ({ Environment: { Variables: spec.environment } });
const loggingOf = ({ logGroup: LogGroup }: FunctionSpec) =>
  ({ LogFormat: "JSON", ApplicationLogLevel: "INFO", SystemLogLevel: "WARN", LogGroup }) as const;

const setting = member<FunctionSpec, FunctionConfiguration, CreateFunctionCommandInput>();

/** Attributes of a function and of each of its versions, with their members of CreateFunction and UpdateFunctionConfiguration. */
export const ATTRIBUTES: Attributes<FunctionSpec, unknown, [answer: FunctionConfiguration], Configuration> = {
  description: setting("Description", (spec) => spec.description),
  role: setting("Role", (spec) => spec.roleArn),
  runtime: setting("Runtime", (spec) => spec.runtime),
  // Changed together with the code.
  architecture: { read: (f) => f.Architectures?.[0] ?? "x86_64", wanted: (spec) => spec.architecture },
  handler: setting("Handler", (spec) => spec.handler),
  memoryMb: setting("MemorySize", (spec) => spec.memoryMb),
  timeoutSeconds: setting("Timeout", (spec) => spec.timeoutSeconds),
  environment: { read: (f) => f.Environment?.Variables, wanted: (spec) => spec.environment, write: environmentOf },
  tracing: { read: (f) => f.TracingConfig?.Mode, wanted: () => "Active", write: () => ({ TracingConfig: { Mode: "Active" } }) },
  logging: setting("LoggingConfig", loggingOf),
  layers: { read: (f) => (f.Layers ?? []).map((l) => l.Arn), wanted: () => [], write: () => ({ Layers: [] }) },
  kmsKey: {
    read: (f) => f.KMSKeyArn,
    wanted: (spec) => spec.kmsKey,
    // A missing member changes nothing. An empty one removes the key.
    write: (spec) => ({ KMSKeyArn: spec.kmsKey ?? "" }),
    // A new key encrypts the variables only when they are sent with it (hashicorp/terraform-provider-aws issue 26692, pull request 26696).
    neededWith: environmentOf,
  },
};

export const wantedOf = (spec: FunctionSpec): Settings["attributes"] => wantedAttributes(ATTRIBUTES, spec, undefined);

/** Every member that can be set, for a create or for setting everything again. */
export function configurationOf(spec: FunctionSpec): Configuration {
  return { ...allWrites(ATTRIBUTES, spec), KMSKeyArn: spec.kmsKey };
}
/** Members that differ; all of them after a failed update, or for a new role of the same ARN. undefined: none. */
export function changedConfiguration(spec: FunctionSpec, changes: readonly Change[]): Configuration | undefined {
  // Lambda and KMS use the deleted role until the role is set again.
  if (touches(changes, "lastUpdate", "roleId")) return configurationOf(spec);
  const writes = writesOf(ATTRIBUTES, changes, spec, undefined);
  return writes.length === 0 ? undefined : (Object.assign({}, ...writes) as Configuration);
}
