import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, expect, test } from "vitest";
import * as names from "../../../src/config/names.ts";
import { allowedCidr, corsOrigin } from "../../../src/config/network.ts";
import { REGIONS, unknownRegion } from "../../../src/config/regions.ts";
import { tagComplaints } from "../../../src/config/tags.ts";

describe.each<[string, (value: string) => { message: string; remedy: string } | undefined, string[], string[]]>([
  [
    "bucket names",
    names.bucketName,
    ["abc", "fleetlogix-data-123456789012-us-east-1", "a.b.c", "a".repeat(63)],
    ["ab", "Abc", "a_b", "-abc", "abc-", "a..b", "192.168.1.1", "xn--abc", "abc-s3alias", "a".repeat(64), "abc--x-s3"],
  ],
  ["table names", names.tableName, ["abc", "A_b.c-1"], ["ab", "a b", "é__", "a".repeat(256)]],
  ["database identifiers", names.databaseIdentifier, ["a", "fleetlogix-db"], ["A", "1a", "a--b", "a-", "a_b", "a".repeat(64)]],
  [
    "database users",
    names.databaseUser,
    ["fleetlogix_admin", "u1"],
    ["admin", "rdsadmin", "User", "postgres", "pg_x", "1a", "a-b", "a".repeat(17)],
  ],
  ["database names", names.databaseName, ["fleetlogix"], ["template0", "select", "a-b", "1a"]],
  ["PostgreSQL versions", names.engineVersion, ["17", "17.5", "13"], ["12", "17.5.1", "latest", ""]],
  ["instance classes", names.instanceClass, ["db.t4g.micro", "db.m7g.2xlarge"], ["t4g.micro", "db.t4g"]],
  ["regions", names.regionName, ["us-east-1", "us-gov-west-1", "ap-southeast-4"], ["us-east", "US-EAST-1", "eu west 1", ""]],
  ["e-mail addresses", names.email, ["a.b+c@sub.example.com"], ["a", "a@b", "a b@example.com", "@example.com"]],
  ["time zones", names.timeZone, ["America/Bogota", "UTC", "Europe/Madrid"], ["Bogota", "+05:00", "America/Atlantis", ""]],
  [
    "IAM principals",
    names.iamPrincipal,
    ["arn:aws:iam::123456789012:user/abc1-b-self1234", "arn:aws-us-gov:iam::123456789012:role/snowflake"],
    ["arn:aws:iam::123456789012:root", "arn:aws:iam::12345:user/a", "*", "user/a"],
  ],
  ["external ids", names.externalId, ["ACME_SFCRole=2_abc/def+x=", "ab"], ["a", "with space", "a".repeat(1225)]],
  [
    "queues",
    names.queueArn,
    ["arn:aws:sqs:us-east-1:123456789012:sf-snowpipe-AIDA-abc"],
    ["https://sqs.us-east-1.amazonaws.com/123456789012/q", "arn:aws:sns:us-east-1:123456789012:q"],
  ],
  ["telephone numbers", names.phone, ["+34600123456"], ["34600123456", "+0123456789", "+34 600 123 456", "+1"]],
  [
    "address ranges",
    allowedCidr,
    ["203.0.113.7/32", "203.0.113.0/24", "10.0.0.0/8", "172.16.0.0/12", "2001:db8::/48", "2001:db8::1/128", "fd00::/8"],
    [
      "0.0.0.0/0",
      "::/0",
      "8.0.0.0/8",
      "8.8.0.0/16",
      "203.0.113.7",
      "203.0.113.7/24",
      "2001:db8::/32",
      "10.0.0.0/33",
      "x",
      "10.0.0.0/7",
      "1.2.3.4/5/6",
    ],
  ],
  [
    "origins",
    corsOrigin,
    ["https://a.example", "http://localhost:3000", "*"],
    ["a.example", "https://a.example/", "https://a.example/x", "ftp://a.example", "http://[::1"],
  ],
])("%s", (_, rule, good, bad) => {
  test.each(good)("%j passes", (value) => expect(rule(value)).toBeUndefined());
  test.each(bad)("%j is refused with a hint", (value) => {
    expect(rule(value)?.message).toMatch(/\.$/);
    expect(rule(value)?.remedy.length).toBeGreaterThan(10);
  });
});

test.each([
  ["203.0.113.7/24", "Write 203.0.113.0/24, or 203.0.113.7/32."],
  ["2001:db8::7/64", "Write 2001:db8::/64, or 2001:db8::7/128."],
  ["203.0.113.7", 'Write it in CIDR form, such as "203.0.113.7/32".'],
])("%s is told how it must look", (text, remedy) => expect(allowedCidr(text)?.remedy).toBe(remedy));

describe("tags", () => {
  const keys = (tags: Record<string, string>) => tagComplaints(tags).map(([key]) => key);
  test("our tags, AWS's tags, duplicates and tags that a service refuses are refused", () => {
    expect(keys({ team: "fleet", "cost:centre": "42" })).toEqual([]);
    expect(keys({ "aws:x": "1", AWS: "fine", project: "x", ManagedBy: "x", "fleetlogix:stack": "x" })).toEqual([
      "aws:x",
      "project",
      "ManagedBy",
      "fleetlogix:stack",
    ]);
    expect(keys({ Team: "1", team: "2" })).toEqual(["team"]);
    expect(keys({ a: "x".repeat(257), b: "<", ["k".repeat(129)]: "1" })).toEqual(["a", "b", "k".repeat(129)]);
    expect(keys(Object.fromEntries(Array.from({ length: 41 }, (_, i) => [`t${i}`, "x"])))).toEqual([""]);
  });
});

describe("regions", () => {
  test("the list equals that of the installed SDK", () => {
    const source = readFileSync(createRequire(import.meta.url).resolve("@aws-sdk/core/client"), "utf8");
    const listed = [...source.matchAll(/"([a-z]{2,4}(?:-[a-z]+){1,2}-\d{1,2})": \{/g)].map((found) => found[1]);
    expect([...REGIONS].sort()).toEqual([...new Set(listed)].sort());
  });
  test("a misspelt region is reported with similar ones", () => {
    expect(unknownRegion("us-esat-1")).toContain("Did you mean us-east-1");
    expect(unknownRegion("ue-west-1")).toContain("eu-west-1");
    expect(unknownRegion("xx-nowhere-9")).not.toContain("Did you mean");
    expect(unknownRegion("eu-west-1")).toBeUndefined();
  });
});
