import { createHash } from "node:crypto";
import type { Artifact } from "../artifacts/artifact.ts";
import type { Config, FunctionName } from "../config/config.ts";
import { stackNameOf } from "../config/names.ts";
import { defined } from "../defined.ts";
import { type AwsLocation, declare, type ResourceNode } from "../engine/contract.ts";
import { type KeyOutputs, kmsKey, logsGroup } from "../resources/index.ts";
import type { Naming } from "./naming.ts";
import { keyPolicy } from "./permissions.ts";

/** Input beside the configuration: location of the stack, address of the caller, code to deploy. */
export interface StackContext {
  readonly place: AwsLocation;
  /** True for the local AWS, which chooses the port of a database. */
  readonly local: boolean;
  /** The caller's own address, `/32`, for `allowedCidrs: "auto"`; undefined: unknown, and the present rules stay. */
  readonly callerCidr: string | undefined;
  /** Ids of the default VPC's private subnets, in at least two zones; []: there are none. undefined: not read. */
  readonly privateSubnets: readonly string[] | undefined;
  /** undefined: nothing was bundled (status, outputs, teardown), and code is not compared. */
  readonly artifacts: ReadonlyMap<FunctionName, Artifact> | undefined;
}
/** Input of every layer. */
export interface StackInput extends StackContext {
  readonly config: Config;
  readonly names: Naming;
  readonly production: boolean;
  readonly logRetentionDays: number;
  /** The customer key of a production stack; undefined: AWS's own keys. */
  readonly key: ResourceNode<KeyOutputs> | undefined;
}

export const logGroup = ({ logRetentionDays, key }: StackInput, id: string, name: string) =>
  declare(logsGroup, id, {
    needs: defined({ key }),
    identity: () => ({ name }),
    spec: (from) => ({ retentionDays: logRetentionDays, kmsKey: from.key?.arn }),
  });

export const stackKey = ({ names, config, place }: Omit<StackInput, "key">): ResourceNode<KeyOutputs> =>
  declare(kmsKey, "key.stack", {
    identity: () => ({ alias: names.key }),
    spec: () => ({ description: `Encrypts what ${stackNameOf(config)} keeps`, policy: keyPolicy(place) }),
  });

/** Part of the id of a resource that has no short name. */
export const shortHash = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 8);
