import { LocalFault } from "./service.ts";

/** The names of the page token in a list's input and output, and of the flag beside it. */
type TokenNames = readonly [input: string, output: string, more?: string];
const BY_SERVICE: Readonly<Record<string, TokenNames>> = {
  iam: ["Marker", "Marker", "IsTruncated"],
  rds: ["Marker", "Marker"],
  lambda: ["Marker", "NextMarker"],
  apigateway: ["position", "position"],
  sns: ["NextToken", "NextToken"],
  ec2: ["NextToken", "NextToken"],
  logs: ["nextToken", "nextToken"],
  secretsmanager: ["NextToken", "NextToken"],
  kms: ["Marker", "NextMarker", "Truncated"],
  wafv2: ["NextMarker", "NextMarker"],
  cloudwatch: ["NextToken", "NextToken"],
};
const BY_OPERATION: Readonly<Record<string, TokenNames>> = {
  "s3:ListObjectsV2": ["ContinuationToken", "NextContinuationToken", "IsTruncated"],
  "s3:ListObjectVersions": ["KeyMarker", "NextKeyMarker", "IsTruncated"],
  "s3:ListBuckets": ["ContinuationToken", "ContinuationToken"],
  "dynamodb:ListTables": ["ExclusiveStartTableName", "LastEvaluatedTableName"],
  "dynamodb:ListTagsOfResource": ["NextToken", "NextToken"],
};
const TOKEN = "an-empty-page-was-here";

/** A list's output as an empty page that says there is more. */
export function emptyPage(service: string, operation: string, output: Record<string, unknown>): Record<string, unknown> {
  const [, token, more] = namesOf(service, operation);
  const emptied = Object.entries(output).map(([name, value]) => [name, Array.isArray(value) ? [] : value]);
  return { ...Object.fromEntries(emptied), [token]: TOKEN, ...(more ? { [more]: true } : {}) };
}
/** The input of the call that follows an empty page, as its service understands it. */
export function afterEmptyPage(service: string, operation: string, input: Record<string, unknown>): Record<string, unknown> {
  const names = BY_OPERATION[`${service}:${operation}`] ?? BY_SERVICE[service];
  if (!names || input[names[0]] !== TOKEN) return input;
  const { [names[0]]: _, ...rest } = input;
  return rest;
}
function namesOf(service: string, operation: string): TokenNames {
  const names = BY_OPERATION[`${service}:${operation}`] ?? BY_SERVICE[service];
  if (!names) throw new LocalFault("NotImplemented", `The fault plan cannot page ${service}:${operation}.`, 501);
  return names;
}
