import { plural } from "./words.ts";

/** The noun for one resource of a kind. */
const NOUNS: ReadonlyMap<string, string> = new Map([
  ["apigateway.account", "account setting"],
  ["apigateway.api-key", "API key"],
  ["apigateway.rest-api", "REST API"],
  ["apigateway.stage", "stage"],
  ["apigateway.usage-plan", "usage plan"],
  ["cloudwatch.alarm", "alarm"],
  ["cloudwatch.dashboard", "dashboard"],
  ["dynamodb.table", "table"],
  ["ec2.security-group", "security group"],
  ["iam.role", "role"],
  ["kms.key", "key"],
  ["lambda.function", "function"],
  ["lambda.permission", "permission"],
  ["logs.group", "log group"],
  ["rds.event-subscription", "event subscription"],
  ["rds.instance", "database"],
  ["rds.parameter-group", "parameter group"],
  ["rds.subnet-group", "subnet group"],
  ["s3.bucket", "bucket"],
  ["sns.subscription", "subscription"],
  ["sns.topic", "topic"],
  ["wafv2.association", "web ACL association"],
  ["wafv2.web-acl", "web ACL"],
]);

/** `3 roles`, `1 log group`. */
export const nameOfKind = (kind: string, count: number): string => plural(count, NOUNS.get(kind) ?? kind);
