import { randomInt, randomUUID } from "node:crypto";
import type { LocalEnv } from "../../core/service.ts";

/** Characters of new passwords: without those that AWS forbids, and without quotes, which are a problem in shells. */
const LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789!#$%*()-_=+[]{}<>:?.~";
export const freshPassword = (): string => Array.from({ length: 28 }, () => LETTERS[randomInt(LETTERS.length)]).join("");

/** Creates the secret in which RDS keeps an administrator's password. Returns its ARN. */
export async function keepPassword(
  env: LocalEnv,
  region: string,
  instanceArn: string,
  username: string,
  password: string,
  kmsKey?: string,
): Promise<string> {
  const input = {
    Name: `rds!db-${randomUUID()}`,
    Description: `The secret associated with the primary RDS DB instance: ${instanceArn}`,
    SecretString: JSON.stringify({ username, password }),
    Tags: [
      { Key: "aws:rds:primaryDBInstanceArn", Value: instanceArn },
      { Key: "aws:secretsmanager:owningService", Value: "rds" },
    ],
    KmsKeyId: kmsKey,
  };
  const { ARN } = await env.dispatch("secretsmanager", "CreateSecret", input, { region });
  return ARN;
}

export async function dropSecret(env: LocalEnv, region: string, secretArn: string): Promise<void> {
  const input = { SecretId: secretArn, ForceDeleteWithoutRecovery: true };
  await env.dispatch("secretsmanager", "DeleteSecret", input, { region }).catch((error) => env.log(`rds: ${secretArn}: ${String(error)}`));
}
