import { LocalFault } from "../../core/service.ts";

/** Allows the account everything, and so also those principals that its IAM policies allow. */
export const defaultPolicy = (account: string): string =>
  JSON.stringify({
    Version: "2012-10-17",
    Id: "key-default-1",
    Statement: [
      {
        Sid: "Enable IAM User Permissions",
        Effect: "Allow",
        Principal: { AWS: `arn:aws:iam::${account}:root` },
        Action: "kms:*",
        Resource: "*",
      },
    ],
  });

/** True for `kms:*`, `kms:Put*`, `*`, or the action itself. */
const allowsPutKeyPolicy = (action: string): boolean =>
  action.endsWith("*") ? "kms:putkeypolicy".startsWith(action.slice(0, -1).toLowerCase()) : action.toLowerCase() === "kms:putkeypolicy";

/** KMS refuses a policy when nobody could change it afterwards. */
export function checkedPolicy(text: string): string {
  const malformed = (message: string): LocalFault => new LocalFault("MalformedPolicyDocumentException", message);
  let statements: { Effect?: string; Principal?: unknown; Action?: string | string[] }[];
  try {
    statements = [(JSON.parse(text) as { Statement?: never }).Statement ?? []].flat();
  } catch {
    throw malformed("The new key policy is not valid JSON.");
  }
  const canBeChanged = statements.some(
    ({ Effect, Principal, Action }) =>
      Effect === "Allow" && Principal !== undefined && [Action].flat().some((action) => action !== undefined && allowsPutKeyPolicy(action)),
  );
  if (!canBeChanged) throw malformed("The new key policy will not allow you to update the key policy in the future.");
  return text;
}
