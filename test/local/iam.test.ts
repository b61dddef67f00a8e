import { IAM } from "@aws-sdk/client-iam";
import { afterAll, beforeAll, expect, test } from "vitest";
import { virtualClock } from "../../src/local/core/clock.ts";
import type { Permission, Principal } from "../../src/local/core/service.ts";
import { type LocalAws, startLocalAws } from "../../src/local/index.ts";

let aws: LocalAws;
let iam: IAM;
beforeAll(async () => {
  aws = await startLocalAws({ clock: virtualClock(), settings: { realism: true } });
  iam = new IAM({ region: "us-east-1", endpoint: aws.url, credentials: { accessKeyId: "a", secretAccessKey: "b" }, maxAttempts: 1 });
});
afterAll(() => aws.close());

const policy = (...Statement: object[]) => JSON.stringify({ Version: "2012-10-17", Statement });
const TRUST = policy({ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" });
const OBJECT = "arn:aws:s3:::lake/raw/1.json";
const READ_LAKE = policy({ Effect: "Allow", Action: "s3:Get*", Resource: "arn:aws:s3:::lake/*" });
const role = async (RoleName: string, more: object = {}) =>
  (await iam.createRole({ RoleName, AssumeRolePolicyDocument: TRUST, ...more })).Role;
const as = (roleName: string): Principal => ({
  type: "role",
  arn: `arn:aws:sts::000000000000:assumed-role/${roleName}/s`,
  roleArn: `arn:aws:iam::000000000000:role/${roleName}`,
  roleName,
  session: "s",
});
const may = (principal: Principal, permission: Partial<Permission> = {}) =>
  aws.env.decide(principal, { action: "s3:GetObject", resource: OBJECT, ...permission });

test("a role is returned as it was written", async () => {
  const made = await role("whole", { Path: "/team/", Description: "d", MaxSessionDuration: 7200, Tags: [{ Key: "a", Value: "1" }] });
  expect(made).toMatchObject({ Arn: "arn:aws:iam::000000000000:role/team/whole", RoleId: expect.stringMatching(/^AROA[A-Z2-7]{17}$/) });
  expect(made).not.toHaveProperty("MaxSessionDuration");
  expect(made).not.toHaveProperty("RoleLastUsed");
  await iam.updateRole({ RoleName: "whole", Description: "e" });
  await iam.tagRole({
    RoleName: "whole",
    Tags: [
      { Key: "a", Value: "2" },
      { Key: "b", Value: "" },
    ],
  });
  const { Role } = await iam.getRole({ RoleName: "whole" });
  expect(Role).toMatchObject({ Description: "e", MaxSessionDuration: 7200, Path: "/team/", CreateDate: made?.CreateDate });
  expect(Role?.Tags).toEqual([
    { Key: "a", Value: "2" },
    { Key: "b", Value: "" },
  ]);
  expect(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? "")).toBe(TRUST);
  expect(Role?.AssumeRolePolicyDocument).toContain("%7B%22Version%22");
  await expect(role("WHOLE")).rejects.toMatchObject({
    name: "EntityAlreadyExistsException",
    message: "Role with name WHOLE already exists.",
    $metadata: { httpStatusCode: 409 },
  });
});

test("a role can be deleted only without policies and instance profiles", async () => {
  await role("busy");
  const arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";
  await iam.attachRolePolicy({ RoleName: "busy", PolicyArn: arn });
  await iam.putRolePolicy({ RoleName: "busy", PolicyName: "p", PolicyDocument: READ_LAKE });
  const gone = () => iam.deleteRole({ RoleName: "busy" });
  await expect(gone()).rejects.toMatchObject({
    name: "DeleteConflictException",
    message: "Cannot delete entity, must detach all policies first.",
  });
  await iam.detachRolePolicy({ RoleName: "busy", PolicyArn: arn });
  await expect(gone()).rejects.toThrow("Cannot delete entity, must delete policies first.");
  await iam.deleteRolePolicy({ RoleName: "busy", PolicyName: "p" });
  await gone();
  await expect(gone()).rejects.toMatchObject({ name: "NoSuchEntityException", message: "The role with name busy cannot be found." });
});

test("the pages of a list contain every role once", async () => {
  for (let i = 0; i < 5; i++) await role(`page-${i}`, { Path: "/pages/" });
  const names: (string | undefined)[] = [];
  let Marker: string | undefined;
  do {
    const page = await iam.listRoles({ PathPrefix: "/pages/", MaxItems: 2, ...(Marker && { Marker }) });
    names.push(...(page.Roles ?? []).map((one) => one.RoleName));
    Marker = page.IsTruncated ? page.Marker : undefined;
  } while (Marker);
  expect(names).toEqual(["page-0", "page-1", "page-2", "page-3", "page-4"]);
});

test.each([
  ["not json", "This policy contains invalid Json"],
  [policy({ Effect: "Allow", Action: "s3:GetObject" }), "Policy statement must contain resources."],
  [
    policy({ Effect: "Allow", Action: "read", Resource: "*" }),
    "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
  ],
  [policy({ Effect: "Allow", Principal: "*", Action: "s3:*", Resource: "*" }), "Policy document should not specify a principal."],
  [policy({ Effect: "Allow", Action: "s3:*", Resource: "lake" }), 'Resource lake must be in ARN format or "*".'],
])("a malformed policy is refused: %s", async (PolicyDocument, message) => {
  await role("malformed").catch(() => {});
  await expect(iam.putRolePolicy({ RoleName: "malformed", PolicyName: "p", PolicyDocument })).rejects.toMatchObject({
    name: "MalformedPolicyDocumentException",
    message,
  });
});

test("a new role cannot be assumed for some seconds", async () => {
  const made = await role("young");
  const ask = { action: "sts:AssumeRole", resource: made?.Arn ?? "", policy: TRUST };
  const lambda: Principal = { type: "service", service: "lambda.amazonaws.com" };
  expect(aws.env.decide(lambda, ask).allowed).toBe(false);
  (aws.env.clock as ReturnType<typeof virtualClock>).advance(12_000);
  expect(aws.env.decide(lambda, ask).allowed).toBe(true);
  expect(aws.env.decide({ type: "service", service: "ec2.amazonaws.com" }, ask).allowed).toBe(false);
});

test("a role has the permissions of its policies as soon as they are attached", async () => {
  await role("reader");
  const denied = {
    allowed: false,
    message: `User: ${(as("reader") as { arn: string }).arn} is not authorized to perform: s3:GetObject on resource: ${OBJECT} because no identity-based policy allows the s3:GetObject action`,
  };
  expect(may(as("reader"))).toEqual(denied);
  await iam.putRolePolicy({ RoleName: "reader", PolicyName: "p", PolicyDocument: READ_LAKE });
  expect(may(as("reader"))).toEqual({ allowed: true });
  expect(may(as("reader"), { action: "s3:PutObject" }).allowed).toBe(false);
  expect(may(as("reader"), { resource: "arn:aws:s3:::other/x" }).allowed).toBe(false);
  await iam.deleteRolePolicy({ RoleName: "reader", PolicyName: "p" });
  expect(may(as("reader"))).toEqual(denied);
});

test("a resource policy alone can allow, and its deny overrides everything", async () => {
  await role("guest");
  const of = (Effect: string, Principal: unknown, more: object = {}) =>
    policy({ Effect, Principal, Action: "s3:GetObject", Resource: "arn:aws:s3:::lake/*", ...more });
  const { roleArn } = as("guest") as { roleArn: string };
  expect(may(as("guest"), { policy: of("Allow", { AWS: roleArn }) }).allowed).toBe(true);
  // A statement that names the account leaves the decision to the role's own policies.
  expect(may(as("guest"), { policy: of("Allow", { AWS: "000000000000" }) }).allowed).toBe(false);
  const owner: Principal = { type: "root", arn: "arn:aws:iam::000000000000:root" };
  expect(may(owner, { policy: of("Deny", "*", { Condition: { Bool: { "aws:SecureTransport": "false" } } }) }).allowed).toBe(true);
  expect(may(owner, { policy: of("Deny", "*") })).toMatchObject({
    message: expect.stringContaining("explicit deny in a resource-based policy"),
  });
  const gateway: Principal = {
    type: "service",
    service: "apigateway.amazonaws.com",
    sourceArn: "arn:aws:execute-api:us-east-1:0:abc/prod/GET/x",
  };
  const source = { Condition: { ArnLike: { "AWS:SourceArn": "arn:aws:execute-api:us-east-1:0:abc/*/GET/*" } } };
  expect(may(gateway).allowed).toBe(false);
  expect(may(gateway, { policy: of("Allow", { Service: "apigateway.amazonaws.com" }, source) }).allowed).toBe(true);
  expect(
    may(
      { ...gateway, sourceArn: "arn:aws:execute-api:us-east-1:0:other/prod/GET/x" },
      { policy: of("Allow", { Service: "apigateway.amazonaws.com" }, source) },
    ).allowed,
  ).toBe(false);
});

test("the default version of a managed policy counts, and a boundary limits it", async () => {
  const { Policy } = await iam.createPolicy({ PolicyName: "managed", PolicyDocument: READ_LAKE });
  const PolicyArn = Policy?.Arn ?? "";
  await role("managed");
  await iam.attachRolePolicy({ RoleName: "managed", PolicyArn });
  expect(may(as("managed")).allowed).toBe(true);
  await expect(iam.deletePolicy({ PolicyArn })).rejects.toMatchObject({ name: "DeleteConflictException" });
  const DENY = policy({ Effect: "Deny", Action: "*", Resource: "*" });
  await iam.createPolicyVersion({ PolicyArn, PolicyDocument: DENY });
  expect(may(as("managed")).allowed).toBe(true);
  await iam.setDefaultPolicyVersion({ PolicyArn, VersionId: "v2" });
  expect(may(as("managed"))).toMatchObject({ message: expect.stringContaining("with an explicit deny in an identity-based policy") });
  await iam.setDefaultPolicyVersion({ PolicyArn, VersionId: "v1" });
  await iam.putRolePermissionsBoundary({ RoleName: "managed", PermissionsBoundary: "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess" });
  expect(may(as("managed"))).toMatchObject({ message: expect.stringContaining("because no permissions boundary allows") });
  const { EvaluationResults } = await iam.simulatePrincipalPolicy({
    PolicySourceArn: "arn:aws:iam::000000000000:role/managed",
    ActionNames: ["s3:GetObject"],
    ResourceArns: [OBJECT],
  });
  expect(EvaluationResults?.[0]?.EvalDecision).toBe("implicitDeny");
});

test("a service-linked role has a suffix only where the service allows one", async () => {
  for (const AWSServiceName of ["rds.amazonaws.com", "shield.amazonaws.com"])
    await expect(iam.createServiceLinkedRole({ AWSServiceName, CustomSuffix: "x" })).rejects.toMatchObject({
      name: "InvalidInputException",
      message: `Custom suffix is not allowed for ${AWSServiceName}`,
    });
});
