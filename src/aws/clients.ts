import type { APIGateway } from "@aws-sdk/client-api-gateway";
import type { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import type { DynamoDB } from "@aws-sdk/client-dynamodb";
import type { EC2 } from "@aws-sdk/client-ec2";
import type { IAM } from "@aws-sdk/client-iam";
import type { Lambda } from "@aws-sdk/client-lambda";
import type { RDS } from "@aws-sdk/client-rds";
import type { S3 } from "@aws-sdk/client-s3";
import type { SecretsManager } from "@aws-sdk/client-secrets-manager";
import type { SNS } from "@aws-sdk/client-sns";
import type { STS } from "@aws-sdk/client-sts";

/**
 * One client a service, built and loaded on first use: `(await ctx.world.sns()).createTopic({…})`.
 * Kinds import the SDK as types only, so a command loads just the services that it speaks to.
 */
export interface AwsClients {
  s3(): Promise<S3>;
  dynamodb(): Promise<DynamoDB>;
  rds(): Promise<RDS>;
  lambda(): Promise<Lambda>;
  apigateway(): Promise<APIGateway>;
  sns(): Promise<SNS>;
  iam(): Promise<IAM>;
  sts(): Promise<STS>;
  ec2(): Promise<EC2>;
  logs(): Promise<CloudWatchLogs>;
  secretsmanager(): Promise<SecretsManager>;
}
