import { expect, test } from "vitest";
import type { Audit, AuditRow } from "../../../src/app.ts";
import { sarifOf } from "../../../src/cli/render/sarif.ts";
import { sarifErrors } from "../../support/sarif.ts";

const row = (more: Partial<AuditRow>): AuditRow => ({
  ...{ id: "s3.versioning", class: "default", service: "s3", severity: "medium", title: "The bucket keeps versions" },
  ...{ status: "pass", reason: null, resources: [] },
  ...more,
});
const controls = [
  row({}),
  row({ id: "s3.name", status: "declined", reason: "the configuration names it" }),
  row({
    ...{ id: "s3.tls-only", severity: "high", status: "fail" },
    resources: [
      { name: "a bucket", ok: false, message: "its policy lets in who speaks without TLS" },
      { name: "another", ok: true, message: "" },
    ],
  }),
];
const audit: Audit = { stack: "FleetLogix/dev", hardening: "production", ok: false, summary: { pass: 1, fail: 1, declined: 1 }, controls };
const document = () => structuredClone(sarifOf(audit, "1.0.0")) as { runs: { results: Record<string, unknown>[] }[] };

test("an audit with passed, failed and declined controls is valid SARIF 2.1.0", () => {
  expect(sarifErrors(document())).toEqual([]);
  expect(document().runs[0]?.results).toHaveLength(2);
});

test.each([
  ["a level that SARIF does not know", { level: "critical" }],
  ["a member that SARIF does not know", { severity: "high" }],
  ["a result without a message", { message: undefined }],
  ["a place with a blank in its address", { locations: [{ physicalLocation: { artifactLocation: { uri: "a page.md" } } }] }],
])("%s is found", (_what, change) => {
  const broken = document();
  Object.assign(broken.runs[0]?.results[0] ?? {}, change);
  expect(sarifErrors(JSON.parse(JSON.stringify(broken)))).not.toEqual([]);
});
