import { SecretsManager } from "@aws-sdk/client-secrets-manager";
import { afterAll, beforeAll, expect, test } from "vitest";
import { virtualClock } from "../../src/local/core/clock.ts";
import { localAws } from "../support/local-aws.ts";

const clock = virtualClock();
const log: string[] = [];
let aws: Awaited<ReturnType<typeof localAws>>;
let secrets: SecretsManager;
beforeAll(async () => {
  aws = await localAws({ clock, log: (line) => log.push(line) });
  secrets = aws.client(SecretsManager);
});
afterAll(() => aws.close());

test("a secret is found by name, ARN and ARN without its suffix; versions have stages", async () => {
  const made = await secrets.createSecret({ Name: "app/db", SecretString: "one", Tags: [{ Key: "a", Value: "1" }] });
  expect(made.ARN).toMatch(/^arn:aws:secretsmanager:us-east-1:000000000000:secret:app\/db-[A-Za-z0-9]{6}$/);
  for (const SecretId of ["app/db", made.ARN, made.ARN?.slice(0, -7)])
    expect(await secrets.getSecretValue({ SecretId })).toMatchObject({ SecretString: "one", VersionStages: ["AWSCURRENT"] });
  const second = await secrets.putSecretValue({ SecretId: "app/db", SecretString: "two" });
  const third = await secrets.updateSecret({ SecretId: "app/db", SecretString: "three", Description: "d" });
  expect((await secrets.getSecretValue({ SecretId: "app/db" })).SecretString).toBe("three");
  expect((await secrets.getSecretValue({ SecretId: "app/db", VersionStage: "AWSPREVIOUS" })).SecretString).toBe("two");
  const { VersionIdsToStages, Description, Tags, RotationEnabled } = await secrets.describeSecret({ SecretId: "app/db" });
  expect({ VersionIdsToStages, Description, Tags, RotationEnabled }).toEqual({
    VersionIdsToStages: { [second.VersionId as string]: ["AWSPREVIOUS"], [third.VersionId as string]: ["AWSCURRENT"] },
    Description: "d",
    Tags: [{ Key: "a", Value: "1" }],
    RotationEnabled: undefined,
  });
  const all = await secrets.listSecretVersionIds({ SecretId: "app/db", IncludeDeprecated: true });
  const today = new Date(Math.floor(clock.now() / 86_400_000) * 86_400_000);
  expect(all.Versions?.map(({ KmsKeyIds }) => KmsKeyIds)).toEqual(Array(3).fill(["DefaultEncryptionKey"]));
  expect(all.Versions?.find(({ VersionId }) => VersionId === third.VersionId)?.LastAccessedDate).toEqual(today);
  await expect(
    secrets.getSecretValue({ SecretId: "app/db", VersionId: third.VersionId, VersionStage: "AWSPREVIOUS" }),
  ).rejects.toMatchObject({ name: "InvalidRequestException" });
  await expect(secrets.getSecretValue({ SecretId: "app/db", VersionStage: "NONE" })).rejects.toMatchObject({
    name: "ResourceNotFoundException",
    message: "Secrets Manager can't find the specified secret value for staging label: NONE",
  });
});

test("an id that cannot be a name is refused by every operation", async () => {
  const SecretId = "Inv *Name?";
  for (const refused of [
    secrets.describeSecret({ SecretId }),
    secrets.getSecretValue({ SecretId }),
    secrets.putSecretValue({ SecretId, SecretString: "x" }),
    secrets.tagResource({ SecretId, Tags: [{ Key: "a", Value: "b" }] }),
    secrets.updateSecret({ SecretId, Description: "d" }),
    secrets.deleteSecret({ SecretId }),
  ])
    await expect(refused).rejects.toMatchObject({
      message: "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
    });
});

test("a secret without a value shows no versions", async () => {
  await secrets.createSecret({ Name: "empty", Description: "" });
  const described = await secrets.describeSecret({ SecretId: "empty" });
  expect(described).not.toHaveProperty("VersionIdsToStages");
  expect(described).not.toHaveProperty("Description");
});

test("a stage is moved from version to version", async () => {
  const first = await secrets.createSecret({ Name: "staged", SecretString: "one" });
  const second = await secrets.putSecretValue({ SecretId: "staged", SecretString: "two", VersionStages: ["AWSPENDING"] });
  expect((await secrets.getSecretValue({ SecretId: "staged" })).SecretString).toBe("one");
  const move = { SecretId: "staged", VersionStage: "AWSCURRENT", MoveToVersionId: second.VersionId };
  await expect(secrets.updateSecretVersionStage(move)).rejects.toMatchObject({ name: "InvalidParameterException" });
  await secrets.updateSecretVersionStage({ ...move, RemoveFromVersionId: first.VersionId });
  expect(await secrets.getSecretValue({ SecretId: "staged" })).toMatchObject({
    SecretString: "two",
    VersionStages: ["AWSPENDING", "AWSCURRENT"],
  });
  expect((await secrets.getSecretValue({ SecretId: "staged", VersionStage: "AWSPREVIOUS" })).SecretString).toBe("one");
});

test("a repeated creation succeeds; one with another value is refused", async () => {
  const input = { Name: "again", SecretString: "s", ClientRequestToken: "11111111-2222-3333-4444-555555555555" };
  const first = await secrets.createSecret(input);
  expect((await secrets.createSecret(input)).ARN).toBe(first.ARN);
  await expect(secrets.createSecret({ Name: "again", SecretString: "s" })).rejects.toMatchObject({
    name: "ResourceExistsException",
    message: "The operation failed because the secret again already exists.",
  });
  await expect(
    secrets.putSecretValue({ SecretId: "again", SecretString: "t", ClientRequestToken: input.ClientRequestToken }),
  ).rejects.toMatchObject({ name: "ResourceExistsException" });
});

test("binary values are returned as bytes; a string and a binary value together are refused", async () => {
  const SecretBinary = Uint8Array.from([0, 200, 7]);
  await secrets.createSecret({ Name: "bytes", SecretBinary });
  expect(Uint8Array.from((await secrets.getSecretValue({ SecretId: "bytes" })).SecretBinary ?? [])).toEqual(SecretBinary);
  await expect(secrets.putSecretValue({ SecretId: "bytes", SecretBinary, SecretString: "x" })).rejects.toMatchObject({
    name: "InvalidParameterException",
  });
});

test("a deleted secret stays for its recovery window, can be restored, and blocks its name until then", async () => {
  await secrets.createSecret({ Name: "mortal", SecretString: "s" });
  await expect(secrets.deleteSecret({ SecretId: "mortal", RecoveryWindowInDays: 3 })).rejects.toMatchObject({
    name: "InvalidParameterException",
  });
  await secrets.deleteSecret({ SecretId: "mortal", RecoveryWindowInDays: 7 });
  await expect(secrets.getSecretValue({ SecretId: "mortal" })).rejects.toMatchObject({ name: "InvalidRequestException" });
  await expect(secrets.createSecret({ Name: "mortal", SecretString: "s" })).rejects.toMatchObject({
    name: "InvalidRequestException",
    message: "You can't create this secret because a secret with this name is already scheduled for deletion.",
  });
  await secrets.restoreSecret({ SecretId: "mortal" });
  expect((await secrets.getSecretValue({ SecretId: "mortal" })).SecretString).toBe("s");
  await secrets.deleteSecret({ SecretId: "mortal", RecoveryWindowInDays: 7 });
  clock.advance(7 * 86_400_000);
  await expect(secrets.describeSecret({ SecretId: "mortal" })).rejects.toMatchObject({ name: "ResourceNotFoundException" });
  await secrets.createSecret({ Name: "mortal", SecretString: "new" });
  await secrets.deleteSecret({ SecretId: "mortal", ForceDeleteWithoutRecovery: true });
  await secrets.createSecret({ Name: "mortal", SecretString: "newer" });
});

test("a secret that RDS manages names its owner, rotates weekly and cannot be changed by others", async () => {
  const { ARN } = await aws.env.dispatch("secretsmanager", "CreateSecret", {
    Name: "rds!db-1",
    SecretString: "{}",
    Tags: [{ Key: "aws:rds:primaryDBInstanceArn", Value: "arn:aws:rds:us-east-1:0:db:x" }],
  });
  expect(await secrets.describeSecret({ SecretId: ARN })).toMatchObject({
    OwningService: "rds",
    RotationEnabled: true,
    RotationRules: { AutomaticallyAfterDays: 7 },
    NextRotationDate: expect.any(Date),
  });
  await expect(secrets.deleteSecret({ SecretId: ARN })).rejects.toMatchObject({ name: "InvalidRequestException" });
  await expect(secrets.putSecretValue({ SecretId: ARN, SecretString: "x" })).rejects.toMatchObject({ name: "InvalidRequestException" });
  await aws.env.dispatch("secretsmanager", "PutSecretValue", { SecretId: ARN, SecretString: "changed" });
  expect((await secrets.getSecretValue({ SecretId: ARN })).SecretString).toBe("changed");
});

test("lists filter and page; tags and policies are kept", async () => {
  for (const n of [1, 2, 3]) await secrets.createSecret({ Name: `list/${n}`, SecretString: "s" });
  const Filters = [{ Key: "name" as const, Values: ["list/"] }];
  const first = await secrets.listSecrets({ Filters, MaxResults: 2 });
  const second = await secrets.listSecrets({ Filters, MaxResults: 2, NextToken: first.NextToken });
  expect([...(first.SecretList ?? []), ...(second.SecretList ?? [])].map(({ Name }) => Name).sort()).toEqual([
    "list/1",
    "list/2",
    "list/3",
  ]);
  await secrets.tagResource({ SecretId: "list/1", Tags: [{ Key: "k", Value: "v" }] });
  await expect(secrets.tagResource({ SecretId: "list/1", Tags: [{ Key: "aws:x", Value: "v" }] })).rejects.toThrow("reserved");
  await secrets.untagResource({ SecretId: "list/1", TagKeys: ["k"] });
  expect((await secrets.describeSecret({ SecretId: "list/1" })).Tags).toEqual([]);
  const ResourcePolicy = JSON.stringify({ Version: "2012-10-17", Statement: [] });
  await secrets.putResourcePolicy({ SecretId: "list/1", ResourcePolicy });
  expect((await secrets.getResourcePolicy({ SecretId: "list/1" })).ResourcePolicy).toBe(ResourcePolicy);
  await secrets.deleteResourcePolicy({ SecretId: "list/1" });
  expect((await secrets.getResourcePolicy({ SecretId: "list/1" })).ResourcePolicy).toBeUndefined();
});

test("random passwords have the requested form", async () => {
  const { RandomPassword = "" } = await secrets.getRandomPassword({
    PasswordLength: 40,
    ExcludePunctuation: true,
    ExcludeCharacters: "abc",
  });
  expect(RandomPassword).toMatch(/^[A-Zd-z0-9]{40}$/);
  expect(RandomPassword).toMatch(/[A-Z].*|.*[0-9]/);
  await expect(secrets.getRandomPassword({ PasswordLength: 2 })).rejects.toMatchObject({ name: "InvalidParameterException" });
});

test("no value ever reaches the log", async () => {
  await secrets.createSecret({ Name: "quiet", SecretString: "planted-value" });
  await expect(secrets.createSecret({ Name: "quiet", SecretString: "planted-value" })).rejects.toThrow();
  await expect(secrets.rotateSecret({ SecretId: "quiet" })).rejects.toMatchObject({ name: "InvalidRequestException" });
  expect(log.join("\n")).not.toContain("planted-value");
});
