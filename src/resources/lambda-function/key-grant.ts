import { orAbsent } from "../../aws/faults.ts";
import { KEY_POLICY, type PolicyDocument } from "../../aws/policies.ts";
import type { IAM } from "../../aws/sdk/iam.ts";

/** Services that use a key on behalf of the function; by itself it may do nothing with it. */
const SERVICES = ["dynamodb", "lambda", "s3", "sns"];

/**
 * The function's role may use the stack's key by an inline policy of its own, which the function changes: a new key is granted before
 * anything is encrypted with it, and the old one is taken away when no version that callers get is encrypted with it any more.
 */
export function grantOf(keys: readonly string[]): PolicyDocument {
  const region = keys[0]?.split(":")[3] ?? "";
  const through = SERVICES.map((name) => `${name}.${region}.amazonaws.com`);
  // What it reads and writes, and its environment, are encrypted with them.
  const Action = ["kms:Decrypt", "kms:GenerateDataKey"];
  const Condition = { StringEquals: { "kms:ViaService": through } };
  return { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action, Resource: [...keys], Condition }] };
}

/** The policy as it is there; undefined: none. */
export async function readGrant(iam: IAM, roleArn: string): Promise<string | undefined> {
  const found = await orAbsent(
    iam.getRolePolicy({ RoleName: nameOf(roleArn), PolicyName: KEY_POLICY }),
    "NoSuchEntityException",
    "NoSuchEntity",
  );
  return found?.PolicyDocument;
}

export async function writeGrant(iam: IAM, roleArn: string, keys: readonly string[]): Promise<void> {
  const policy = { RoleName: nameOf(roleArn), PolicyName: KEY_POLICY };
  if (keys.length > 0) await iam.putRolePolicy({ ...policy, PolicyDocument: JSON.stringify(grantOf(keys)) });
  else await orAbsent(iam.deleteRolePolicy(policy), "NoSuchEntityException", "NoSuchEntity");
}

const nameOf = (roleArn: string): string => roleArn.slice(roleArn.lastIndexOf("/") + 1);
