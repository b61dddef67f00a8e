import type { CreateFunctionCommandInput, UpdateFunctionConfigurationCommandInput, VpcConfig } from "@aws-sdk/client-lambda";
import { invalid } from "./faults.ts";
import type { Config } from "./state.ts";

type Input = Omit<CreateFunctionCommandInput, "Code" | "FunctionName"> | UpdateFunctionConfigurationCommandInput;

/** The configuration of CreateFunction with AWS's defaults. */
export function newConfig(input: CreateFunctionCommandInput, name: string): Config {
  if (!input.Runtime || !input.Handler)
    throw invalid("Runtime and Handler are mandatory parameters for functions created with deployment packages.");
  if ((input.Architectures?.length ?? 1) !== 1) throw invalid("Architectures must hold exactly one value.");
  const base: Config = {
    runtime: input.Runtime,
    role: input.Role ?? "",
    handler: input.Handler,
    description: "",
    timeout: 3,
    memoryMb: 128,
    environment: undefined,
    tracing: "PassThrough",
    storageMb: 512,
    architecture: input.Architectures?.[0] ?? "x86_64",
    logFormat: "Text",
    logGroup: `/aws/lambda/${name}`,
  };
  return changedConfig(base, input);
}

/** The configuration after an update: members of the call replace those of `base`. */
export function changedConfig(base: Config, input: Input): Config {
  const kmsKeyArn = (input.KMSKeyArn ?? base.kmsKeyArn) || undefined;
  const json = (input.LoggingConfig?.LogFormat ?? base.logFormat) === "JSON";
  return {
    ...base,
    ...given({
      runtime: input.Runtime,
      role: input.Role,
      handler: input.Handler,
      description: input.Description,
      timeout: input.Timeout,
      memoryMb: input.MemorySize,
      environment: input.Environment === undefined ? undefined : (input.Environment.Variables ?? {}),
      tracing: input.TracingConfig?.Mode,
      storageMb: input.EphemeralStorage?.Size,
      logFormat: input.LoggingConfig?.LogFormat,
      logGroup: input.LoggingConfig?.LogGroup,
    }),
    applicationLogLevel: json ? (input.LoggingConfig?.ApplicationLogLevel ?? base.applicationLogLevel ?? "INFO") : undefined,
    systemLogLevel: json ? (input.LoggingConfig?.SystemLogLevel ?? base.systemLogLevel ?? "INFO") : undefined,
    // An empty value removes these.
    deadLetterArn: (input.DeadLetterConfig ? input.DeadLetterConfig.TargetArn : base.deadLetterArn) || undefined,
    kmsKeyArn,
    // Read in hashicorp/terraform-provider-aws issue 26692 and pull request 26696.
    environmentKeyArn: input.Environment === undefined ? base.environmentKeyArn : kmsKeyArn,
    vpc: input.VpcConfig ? vpcOf(input.VpcConfig) : base.vpc,
  };
}

const vpcOf = (vpc: VpcConfig): Config["vpc"] =>
  vpc.SubnetIds?.length
    ? {
        SubnetIds: [...vpc.SubnetIds],
        SecurityGroupIds: [...(vpc.SecurityGroupIds ?? [])],
        VpcId: "",
        Ipv6AllowedForDualStack: vpc.Ipv6AllowedForDualStack ?? false,
      }
    : undefined;

type Given<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };
const given = <T extends object>(members: T): Given<T> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Given<T>;
