import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { profileEndpoint } from "../../../src/aws/endpoints.ts";
import { removeFolder } from "../../support/folders.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "profile-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  removeFolder(folder);
});
/** Writes a separate file for each test, because the SDK reads a file once. */
function configure(text: string): void {
  writeFileSync(join(folder, "config"), text);
  vi.stubEnv("AWS_CONFIG_FILE", join(folder, "config"));
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", join(folder, "none"));
}

test("a profile's endpoint_url counts for that profile only, unless the user ignores it", async () => {
  configure("[default]\nregion = us-east-1\n[profile stack]\nendpoint_url = http://127.0.0.1:4567\n");
  expect(await profileEndpoint("stack", {})).toBe("http://127.0.0.1:4567");
  expect(await profileEndpoint(undefined, { AWS_PROFILE: "stack" })).toBe("http://127.0.0.1:4567");
  expect(await profileEndpoint(undefined, {})).toBeUndefined();
  expect(await profileEndpoint("stack", { AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true" })).toBeUndefined();
});
test("a profile with an endpoint for a single service is refused, and the error names the service", async () => {
  configure("[profile stack]\nservices = mine\n[services mine]\ns3 =\n  endpoint_url = http://127.0.0.1:9000\n");
  await expect(profileEndpoint("stack", {})).rejects.toMatchObject({ code: "USAGE", message: expect.stringMatching(/stack .*s3\.$/) });
});
