import { createHash } from "node:crypto";
import type { Config } from "../config/config.ts";
import { declare, type ResourceNode } from "../engine/contract.ts";
import { type KeyOutputs, kmsKey, logsGroup } from "../resources/index.ts";
import type { Naming } from "./naming.ts";
import { keyPolicy } from "./permissions.ts";
import type { StackInputs } from "./topology.ts";

/** What every layer of the stack is made from. */
export interface Plan extends StackInputs {
  readonly config: Config;
  readonly names: Naming;
  readonly production: boolean;
  readonly logRetentionDays: number;
  /** The customer key of a production stack; undefined: AWS's own keys. */
  readonly key: ResourceNode<KeyOutputs> | undefined;
}

export const logGroup = ({ logRetentionDays, key }: Plan, id: string, name: string) =>
  declare(logsGroup, id, {
    needs: { ...(key && { key }) },
    identity: () => ({ name }),
    spec: (from) => ({ retentionDays: logRetentionDays, kmsKey: from.key?.arn }),
  });

export const stackKey = ({ names, config, place }: Omit<Plan, "key">): ResourceNode<KeyOutputs> =>
  declare(kmsKey, "key.stack", {
    identity: () => ({ alias: names.key }),
    spec: () => ({ description: `Encrypts what ${config.project}/${config.environment} keeps`, policy: keyPolicy(place) }),
  });

/** Tells what has no short name of its own apart in ids. */
export const shortHash = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 8);
