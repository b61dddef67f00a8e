import type { Config } from "../config/config.ts";
import { declare } from "../engine/contract.ts";
import { logsGroup } from "../resources/index.ts";
import type { Naming } from "./naming.ts";
import type { StackInputs } from "./topology.ts";

/** What every layer of the stack is made from. */
export interface Plan extends StackInputs {
  readonly config: Config;
  readonly names: Naming;
  readonly production: boolean;
  readonly logRetentionDays: number;
}

export const logGroup = ({ logRetentionDays }: Plan, id: string, name: string) =>
  declare(logsGroup, id, { identity: () => ({ name }), spec: () => ({ retentionDays: logRetentionDays }) });
