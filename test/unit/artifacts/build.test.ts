import { createHash } from "node:crypto";
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { afterEach, beforeEach, expect, test } from "vitest";
import { buildFunctions } from "../../../src/artifacts/build.ts";
import { packageRoot } from "../../../src/artifacts/package-root.ts";
import { toArtifact } from "../../../src/artifacts/zip.ts";
import { removeFolder } from "../../support/folders.ts";

const here = process.cwd();
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "artifacts-"));
});
afterEach(() => {
  process.chdir(here);
  delete process.env.TZ;
  removeFolder(folder);
});

test("the same sources give the same bytes, whatever the folder, the time zone and the other functions of the build", async () => {
  const first = await buildFunctions(["verify-delivery", "route-deviation"]);
  cpSync(join(packageRoot(), "handlers"), join(folder, "handlers"), { recursive: true });
  cpSync(join(packageRoot(), "package.json"), join(folder, "package.json"));
  symlinkSync(join(packageRoot(), "node_modules"), join(folder, "node_modules"));
  process.chdir(tmpdir());
  process.env.TZ = "Pacific/Apia";
  const second = await buildFunctions(["route-deviation", "verify-delivery"], folder);
  for (const [name, artifact] of first) {
    expect(second.get(name)?.sha256).toBe(artifact.sha256);
    expect(createHash("sha256").update(artifact.zip).digest("base64")).toBe(artifact.sha256);
  }
  const alone = await buildFunctions(["route-deviation"]);
  expect(alone.get("route-deviation")?.sha256).toBe(first.get("route-deviation")?.sha256);
  expect(first.get("verify-delivery")?.sha256).not.toBe(first.get("route-deviation")?.sha256);
});

test("the zip contains one file, which runs and names no folder of this machine", async () => {
  const artifact = (await buildFunctions(["verify-delivery"])).get("verify-delivery");
  const files = unzipSync(artifact?.zip ?? new Uint8Array());
  expect(Object.keys(files)).toEqual(["index.js"]);
  const code = Buffer.from(files["index.js"] ?? []);
  expect(code.includes(packageRoot())).toBe(false);
  const file = join(folder, "index.cjs");
  writeFileSync(file, code);
  Object.assign(process.env, { DATA_BUCKET: "b", DELIVERIES_TABLE: "t", AWS_REGION: "us-east-1" });
  const { handler } = createRequire(import.meta.url)(file) as {
    handler: (event: unknown, context: unknown) => Promise<{ statusCode: number }>;
  };
  const answer = await handler(
    { resource: "/delivery", path: "/delivery", httpMethod: "POST", headers: {}, body: "{}", requestContext: { requestId: "r" } },
    { awsRequestId: "r", getRemainingTimeInMillis: () => 5000 },
  );
  expect(answer.statusCode).toBe(400);
});

test("an artifact depends only on its files, not on their order or the time zone", async () => {
  const a = new Uint8Array([1]);
  const b = new Uint8Array([2]);
  process.env.TZ = "Asia/Tokyo";
  const east = await toArtifact({ b, a });
  process.env.TZ = "America/Los_Angeles";
  const west = await toArtifact({ a, b });
  expect(west.sha256).toBe(east.sha256);
  expect(Object.keys(unzipSync(west.zip))).toEqual(["a", "b"]);
  expect((await toArtifact({ a, b: a })).sha256).not.toBe(east.sha256);
});

test("the error of a failed bundle names function, file and line", async () => {
  mkdirSync(join(folder, "handlers/verify-delivery"), { recursive: true });
  writeFileSync(join(folder, "handlers/verify-delivery/handler.ts"), "export const handler = () => 1;\n");
  mkdirSync(join(folder, "handlers/calculate-eta"), { recursive: true });
  writeFileSync(join(folder, "handlers/calculate-eta/handler.ts"), 'import { x } from "./gone.ts";\nexport const handler = () => x;\n');
  await expect(buildFunctions(["verify-delivery", "calculate-eta"], folder)).rejects.toMatchObject({
    code: "BUNDLE_FAILED",
    message: expect.stringContaining("handlers/calculate-eta/handler.ts:1:19"),
    detail: { resource: "function.calculate-eta" },
  });
});

test("unchanged sources are bundled once; a changed source is bundled again and its zip replaces the old one", async () => {
  cpSync(join(packageRoot(), "handlers"), join(folder, "handlers"), { recursive: true });
  cpSync(join(packageRoot(), "package.json"), join(folder, "package.json"));
  symlinkSync(join(packageRoot(), "node_modules"), join(folder, "node_modules"));
  const first = (await buildFunctions(["verify-delivery"], folder)).get("verify-delivery");
  rmSync(join(folder, "node_modules"));
  // The folder has no libraries now, so nothing can be bundled. The zip is the stored one.
  expect((await buildFunctions(["verify-delivery"], folder)).get("verify-delivery")).toEqual(first);
  symlinkSync(join(packageRoot(), "node_modules"), join(folder, "node_modules"));
  appendFileSync(join(folder, "handlers/verify-delivery/handler.ts"), '\nexport const more = "changed";\n');
  const second = (await buildFunctions(["verify-delivery"], folder)).get("verify-delivery");
  expect(second?.sha256).not.toBe(first?.sha256);
  expect(readdirSync(join(folder, "dist/functions"))).toHaveLength(1);
});
