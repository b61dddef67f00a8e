import {
  type SecretsManager as AllSecretsManager,
  DescribeSecretCommand,
  GetResourcePolicyCommand,
  GetSecretValueCommand,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { type Operations, withOperations } from "./operations.ts";

const commands = { DescribeSecretCommand, GetResourcePolicyCommand, GetSecretValueCommand };

export type SecretsManager = Operations<AllSecretsManager, typeof commands>;
export const SecretsManager = withOperations<SecretsManager>(SecretsManagerClient, commands);
