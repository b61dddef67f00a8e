import type {
  DescribeSecretCommandInput,
  DescribeSecretCommandOutput,
  Filter,
  ListSecretsCommandInput,
  ListSecretsCommandOutput,
} from "@aws-sdk/client-secrets-manager";
import type { Handler, Operations } from "../../core/service.ts";
import { invalid, type Secret, type Secrets, tagList } from "./secret.ts";

const DAY_MS = 86_400_000;
const date = (ms: number | undefined): Date | undefined => (ms === undefined ? undefined : new Date(ms));

export function describeOperations(secrets: Secrets): Operations {
  const describe: Handler<DescribeSecretCommandInput, DescribeSecretCommandOutput> = (input, { region }) => {
    const secret = secrets.require(region, input.SecretId);
    const stages = stagesOf(secret);
    // As recorded: absent while the secret has no value.
    return { ...described(secret), ...(Object.keys(stages).length > 0 && { VersionIdsToStages: stages }) };
  };
  const list: Handler<ListSecretsCommandInput, ListSecretsCommandOutput> = (input, { region }) => {
    const size = input.MaxResults ?? 100;
    const from = Number(input.NextToken ?? 0);
    if (!Number.isInteger(from)) throw invalid("You provided an invalid NextToken.");
    const found = secrets
      .all(region)
      .filter((secret) => (input.IncludePlannedDeletion || !secret.deletion) && (input.Filters ?? []).every((f) => passes(secret, f)))
      .sort((a, b) => b.createdAt - a.createdAt || (a.name < b.name ? -1 : 1));
    if (input.SortOrder === "asc") found.reverse();
    const SecretList = found.slice(from, from + size).map((secret) => ({ ...described(secret), SecretVersionsToStages: stagesOf(secret) }));
    return { SecretList, ...(found.length > from + size && { NextToken: String(from + size) }) };
  };
  return { DescribeSecret: describe, ListSecrets: list };
}

const stagesOf = (secret: Secret): Record<string, string[]> =>
  Object.fromEntries(
    Object.entries(secret.versions).flatMap(([id, { stages }]) => (stages.length > 0 ? [[id, [...stages]] as const] : [])),
  );

function described(secret: Secret) {
  const { rotation } = secret;
  const days = rotation?.rules.AutomaticallyAfterDays;
  const next = rotation && days ? (secret.rotatedAt ?? secret.createdAt) + days * DAY_MS : undefined;
  return {
    ARN: secret.arn,
    Name: secret.name,
    Description: secret.description,
    KmsKeyId: secret.kmsKeyId,
    ...(rotation && { RotationEnabled: true, RotationRules: rotation.rules, RotationLambdaARN: rotation.lambdaArn }),
    LastRotatedDate: date(secret.rotatedAt),
    LastChangedDate: date(secret.changedAt),
    LastAccessedDate: date(secret.accessedAt),
    DeletedDate: date(secret.deletion?.at),
    NextRotationDate: date(next),
    ...(secret.tagged ? { Tags: tagList(secret) } : {}),
    OwningService: secret.owningService,
    CreatedDate: date(secret.createdAt),
  };
}

/** A filter's values are prefixes. `!` before a value negates it. */
function passes(secret: Secret, { Key, Values = [] }: Filter): boolean {
  const fields: Record<string, readonly (string | undefined)[]> = {
    name: [secret.name],
    description: [secret.description],
    "tag-key": Object.keys(secret.tags),
    "tag-value": Object.values(secret.tags),
    "owning-service": [secret.owningService],
    "primary-region": [],
    all: [secret.name, secret.description, ...Object.keys(secret.tags), ...Object.values(secret.tags)],
  };
  const begins = (prefix: string): boolean => (fields[Key ?? "all"] ?? []).some((field) => field?.startsWith(prefix));
  return Values.some((value) => (value.startsWith("!") ? !begins(value.slice(1)) : begins(value)));
}
