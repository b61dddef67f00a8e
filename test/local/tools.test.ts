import { execFile, spawnSync } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { localAws } from "../support/local-aws.ts";

/** Tools of other projects with one server. Each script stops at the first answer that differs from AWS's. */
const run = promisify(execFile);
const has = (module: string): boolean => spawnSync("python3", ["-c", `import ${module}`]).status === 0;
const env = {
  ...process.env,
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "test",
  AWS_DEFAULT_REGION: "us-east-1",
  AWS_CONFIG_FILE: "/dev/null",
  AWS_MAX_ATTEMPTS: "1",
};
let aws: Awaited<ReturnType<typeof localAws>>;
beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.close());

test.skipIf(!has("awscli")).each([["cli-tour.py", "the aws command"]])("%s: %s works with every service", tour, 120_000);
test.skipIf(!has("boto3")).each([["boto-tour.py", "boto3"]])("%s: %s works with every service", tour, 120_000);

async function tour(script: string): Promise<void> {
  const { stdout } = await run("python3", [join(import.meta.dirname, "../support", script), aws.url], { env });
  expect(stdout).toBe("done\n");
}
