import { runSimulation } from "@cloud-copilot/iam-simulate";
import fc from "fast-check";
import { expect, test } from "vitest";
import { virtualClock } from "../../src/local/core/clock.ts";
import type { LocalEnv, Principal } from "../../src/local/core/service.ts";
import { openStore } from "../../src/local/core/store.ts";
import { iamService } from "../../src/local/services/iam/index.ts";

/** Compares our decisions with those of an independent evaluator, on random policies. */
const ACCOUNT = "123456789012";
const ROLE = `arn:aws:iam::${ACCOUNT}:role/r`;
const SESSION = `arn:aws:sts::${ACCOUNT}:assumed-role/r/s`;

const action = fc.constantFrom("s3:GetObject", "s3:*", "s3:Get*", "s3:PutObject", "*", "s3:?etObject", "S3:getobject");
const resource = fc.constantFrom("*", "arn:aws:s3:::lake/*", "arn:aws:s3:::lake/raw/1", "arn:aws:s3:::l?ke/raw/*", "arn:aws:s3:::other/*");
const condition = fc.constantFrom(
  {},
  { Bool: { "aws:SecureTransport": "true" } },
  { Bool: { "aws:SecureTransport": "false" } },
  { StringLike: { "aws:PrincipalArn": "arn:aws:iam::*:role/*" } },
  { StringNotEquals: { "aws:PrincipalAccount": [ACCOUNT, "1"] } },
  { ArnNotLike: { "aws:PrincipalArn": `arn:aws:iam::${ACCOUNT}:role/x*` } },
  { IpAddress: { "aws:SourceIp": ["127.0.0.0/8", "10.0.0.0/8"] } },
  { NotIpAddress: { "aws:SourceIp": "127.0.0.1" } },
  { Null: { "aws:PrincipalTag/team": "true" } },
  { StringEqualsIfExists: { "aws:PrincipalTag/team": "a" } },
  { StringEquals: { "aws:PrincipalTag/team": "a" } },
  { DateGreaterThan: { "aws:CurrentTime": "2020-01-01T00:00:00Z" } },
);
const base = { Effect: fc.constantFrom("Allow", "Deny"), Condition: condition };
const one = <T>(key: string, value: fc.Arbitrary<T>) => fc.array(value, { minLength: 1, maxLength: 2 }).map((v) => ({ [key]: v }));
const statement = fc
  .tuple(
    fc.record(base),
    fc.oneof(one("Action", action), one("NotAction", action)),
    fc.oneof(one("Resource", resource), one("NotResource", resource)),
  )
  .map((parts) => Object.assign({}, ...parts) as object);
const principal = fc.constantFrom(
  "*",
  { AWS: "*" },
  { AWS: ROLE },
  { AWS: ACCOUNT },
  { AWS: SESSION },
  { AWS: `arn:aws:iam::${ACCOUNT}:role/x` },
);
const document = (statements: object[]) => ({ Version: "2012-10-17", Statement: statements });
const identity = fc.array(statement, { minLength: 1, maxLength: 3 }).map(document);
const byResource = fc
  .array(
    fc.tuple(statement, principal).map(([s, Principal]) => ({ ...s, Principal })),
    { minLength: 1, maxLength: 2 },
  )
  .map(document);

test("IAM decides as an independent evaluator does", async () => {
  const store = openStore(undefined);
  const env = { account: ACCOUNT, clock: virtualClock(), store, settings: { realism: false } } as unknown as LocalEnv;
  const { service, decide } = iamService(env);
  const call = {} as never;
  const trust = JSON.stringify(document([{ Effect: "Allow", Principal: "*", Action: "sts:AssumeRole" }]));
  await service.operations.CreateRole?.({ RoleName: "r", AssumeRolePolicyDocument: trust }, call);
  const me: Principal = { type: "role", arn: SESSION, roleArn: ROLE, roleName: "r", session: "s" };
  let allowed = 0;
  await fc.assert(
    fc.asyncProperty(identity, fc.option(byResource, { nil: undefined }), async (own, theirs) => {
      await service.operations.PutRolePolicy?.({ RoleName: "r", PolicyName: "p", PolicyDocument: JSON.stringify(own) }, call);
      const ask = { action: "s3:GetObject", resource: "arn:aws:s3:::lake/raw/1", policy: theirs && JSON.stringify(theirs) };
      const ours = decide(me, ask).allowed;
      allowed += ours ? 1 : 0;
      const result = await runSimulation(
        {
          request: {
            principal: SESSION,
            action: ask.action,
            resource: { resource: ask.resource, accountId: ACCOUNT },
            contextVariables: {
              "aws:SecureTransport": "true",
              "aws:SourceIp": "127.0.0.1",
              "aws:PrincipalArn": ROLE,
              "aws:PrincipalAccount": ACCOUNT,
              "aws:CurrentTime": "2026-01-01T00:00:00Z",
            },
          },
          identityPolicies: [{ name: "p", policy: own }],
          serviceControlPolicies: [],
          resourceControlPolicies: [],
          resourcePolicy: theirs,
        } as never,
        {},
      );
      expect("overallResult" in result, JSON.stringify(result)).toBe(true);
      expect(ours, JSON.stringify({ own, theirs })).toBe((result as { overallResult: string }).overallResult === "Allowed");
    }),
    { numRuns: 400 },
  );
  expect(allowed).toBeGreaterThan(20);
});
