import { orAbsent } from "../../aws/faults.ts";
import { KEY_POLICY, type PolicyDocument } from "../../aws/policies.ts";
import type { IAM } from "../../aws/sdk/types.ts";

/** Services that use a key on behalf of the function. The function itself cannot use it. */
const SERVICES = ["dynamodb", "lambda", "s3", "sns"];

/**
 * An inline policy by which the function's role may use the stack's key. The kind `lambda.function` writes it: a new key is granted before
 * anything is encrypted with it, and the old one is removed when no version in use is encrypted with it.
 */
export function grantOf(keys: readonly string[]): PolicyDocument {
  const region = keys[0]?.split(":")[3] ?? "";
  const through = SERVICES.map((name) => `${name}.${region}.amazonaws.com`);
  const Action = ["kms:Decrypt", "kms:GenerateDataKey"];
  const Condition = { StringEquals: { "kms:ViaService": through } };
  return { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action, Resource: [...keys], Condition }] };
}

/** IAM's codes for a missing role and a missing policy. */
export const NO_POLICY = ["NoSuchEntityException", "NoSuchEntity"];
/** The live policy; undefined: none. */
export async function readGrant(iam: IAM, roleArn: string): Promise<string | undefined> {
  const found = await orAbsent(iam.getRolePolicy({ RoleName: nameOf(roleArn), PolicyName: KEY_POLICY }), ...NO_POLICY);
  return found?.PolicyDocument;
}

export async function writeGrant(iam: IAM, roleArn: string, keys: readonly string[]): Promise<void> {
  const policy = { RoleName: nameOf(roleArn), PolicyName: KEY_POLICY };
  if (keys.length > 0) await iam.putRolePolicy({ ...policy, PolicyDocument: JSON.stringify(grantOf(keys)) });
  else await iam.deleteRolePolicy(policy);
}

const nameOf = (roleArn: string): string => roleArn.slice(roleArn.lastIndexOf("/") + 1);
