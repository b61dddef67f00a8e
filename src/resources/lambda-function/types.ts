import type { AttributeValues } from "../../aws/attributes.ts";
import type { OtherStatement } from "./statements.ts";

export interface FunctionId {
  readonly name: string;
}
export interface FunctionSpec {
  readonly description: string;
  readonly roleArn: string;
  /** AWS's unique id of the role; null: this run creates the role. undefined: it is not compared. */
  readonly roleId?: string | null | undefined;
  readonly runtime: "nodejs24.x";
  readonly architecture: "arm64" | "x86_64";
  readonly handler: string;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly logGroup: string;
  /** ARN of a customer key for the environment; undefined: AWS's own. */
  readonly kmsKey?: string | undefined;
  /** The alias that callers use; it points to the newest published version. */
  readonly alias: string;
  /** base64 of sha256(zip), as AWS reports it. undefined: nothing was bundled, and the deployed code stays. */
  readonly code: { readonly zip: Uint8Array; readonly sha256: string } | undefined;
}
export interface FunctionLive {
  readonly name: string;
  readonly arn: string;
  readonly state: string;
  /** Why the last update failed. The old code still serves calls. */
  readonly updateFailed: string | undefined;
  readonly latest: Settings;
  /** The policy by which its role may use keys, in normal form. */
  readonly keyGrant: unknown;
  readonly alias: { readonly arn: string; readonly version: string; readonly weights: Weights; readonly settings: Settings } | undefined;
  /** Unique id of the role that the function was last given. A role that was deleted and created again has another id. */
  readonly roleId: string | undefined;
  /** Reserved concurrency 0: the console's "Throttle". */
  readonly stopped: boolean;
  /** Time of the last change of its code or configuration. */
  readonly changed: Date | undefined;
  readonly codeBytes: number | undefined;
  /** Foreign statements in the policies of the function and its alias. */
  readonly otherStatements: readonly OtherStatement[];
  /** Published versions without an alias, beyond those that are kept for a rollback. */
  readonly oldVersions: readonly string[];
}
/** Share of the calls that go to another version. */
export type Weights = Readonly<Record<string, number>>;
/** Code and configuration of a version. */
export interface Settings {
  /** base64 of sha256(zip). */
  readonly code: string | undefined;
  /** By path of ATTRIBUTES. */
  readonly attributes: AttributeValues;
}
export interface FunctionOutputs {
  readonly name: string;
  readonly arn: string;
  readonly aliasArn: string;
  /** The version that the alias names; null before the first is published. */
  readonly version: string | null;
}
