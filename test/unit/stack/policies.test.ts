import { expect, test } from "vitest";
import { policyForm } from "../../../src/aws/policies.ts";
import { normalForm } from "../../../src/normal-form.ts";

const statement = {
  Effect: "Allow",
  Principal: { Service: "lambda.amazonaws.com" },
  Action: ["s3:GetObject", "s3:PutObject"],
  Resource: "arn:aws:s3:::b/*",
};
const policy = (...Statement: object[]) => JSON.stringify({ Version: "2012-10-17", Statement });

const equal: [why: string, string, string][] = [
  ["URL-encoded", policy(statement), encodeURIComponent(policy(statement))],
  ["a Sid that AWS added", policy(statement), policy({ Sid: "", ...statement })],
  ["order of actions", policy(statement), policy({ ...statement, Action: ["s3:PutObject", "s3:GetObject"] })],
  ["case of actions", policy(statement), policy({ ...statement, Action: ["S3:getobject", "s3:PutObject"] })],
  ["one value as a list", policy(statement), policy({ ...statement, Resource: ["arn:aws:s3:::b/*"] })],
  ["one statement without a list", policy(statement), JSON.stringify({ Version: "2012-10-17", Statement: statement })],
  ["order of statements", policy(statement, { ...statement, Effect: "Deny" }), policy({ ...statement, Effect: "Deny" }, statement)],
  [
    "an account and its root",
    policy({ ...statement, Principal: { AWS: "111122223333" } }),
    policy({ ...statement, Principal: { AWS: "arn:aws:iam::111122223333:root" } }),
  ],
  ["everybody, both ways", policy({ ...statement, Principal: "*" }), policy({ ...statement, Principal: { AWS: "*" } })],
  [
    "a condition's truth as text, its key in other case",
    policy({ ...statement, Condition: { Bool: { "aws:SecureTransport": "false" } } }),
    policy({ ...statement, Condition: { Bool: { "AWS:SecureTransport": [false] } } }),
  ],
];
test.each(equal)("policies are the same: %s", (_why, a, b) => expect(policyForm(a)).toEqual(policyForm(b)));

const different: [why: string, string, string][] = [
  ["an action more", policy(statement), policy({ ...statement, Action: [...statement.Action, "s3:DeleteObject"] })],
  ["allow and deny", policy(statement), policy({ ...statement, Effect: "Deny" })],
  ["another resource", policy(statement), policy({ ...statement, Resource: "arn:aws:s3:::c/*" })],
  ["a resource in other case", policy(statement), policy({ ...statement, Resource: "arn:aws:s3:::B/*" })],
  [
    "NotAction for Action",
    policy(statement),
    policy({ Effect: "Allow", Principal: statement.Principal, NotAction: statement.Action, Resource: statement.Resource }),
  ],
  ["a condition less", policy({ ...statement, Condition: { Bool: { "aws:SecureTransport": "false" } } }), policy(statement)],
  [
    "another account",
    policy({ ...statement, Principal: { AWS: "111122223333" } }),
    policy({ ...statement, Principal: { AWS: "444455556666" } }),
  ],
  [
    "a role for its account",
    policy({ ...statement, Principal: { AWS: "111122223333" } }),
    policy({ ...statement, Principal: { AWS: "arn:aws:iam::111122223333:role/x" } }),
  ],
  ["another version of the language", policy(statement), JSON.stringify({ Statement: [statement] })],
];
test.each(different)("policies differ: %s", (_why, a, b) => expect(policyForm(a)).not.toEqual(policyForm(b)));

test("two missing policies are the same", () => {
  expect(policyForm(undefined)).toBeUndefined();
  expect(policyForm("")).toBeUndefined();
});

test("empty values and order do not count; false and zero do", () => {
  expect(normalForm({ a: [], b: {}, c: undefined, d: null, e: [2, 1] })).toEqual(normalForm({ e: [1, 2] }));
  expect(normalForm({ a: false, b: 0, c: "" })).toEqual({ a: false, b: 0, c: "" });
});
