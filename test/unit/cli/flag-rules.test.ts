import { expect, test } from "vitest";
import { type Called, FLAG_RULES, refuseContradictions } from "../../../src/cli/flag-rules.ts";
import { buildProgram } from "../../../src/cli/program.ts";

/** Command lines that are refused. */
const NONSENSE = [
  "plan --local --endpoint-url http://127.0.0.1:1",
  "plan --port 5000",
  "plan --quiet --verbose",
  "teardown --skip-final-snapshot",
  "up --dry-run --force-unlock",
  "up --dry-run --events f",
  "deploy-lambdas --rollback 1 --watch",
  "deploy-lambdas --rollback 1 --dry-run",
  "deploy-lambdas --rollback 1 --adopt",
  "deploy-lambdas --rollback 1 --allow-data-loss x",
  "deploy-lambdas --rollback 1 --force-unlock",
  "deploy-lambdas --rollback 1 --events f",
  "deploy-lambdas --watch --force-unlock",
  "deploy-lambdas --watch --events f",
  "deploy-lambdas --watch --allow-data-loss x",
  "local status --endpoint-url http://127.0.0.1:1",
  "deploy-lambdas --watch --dry-run",
  "deploy-lambdas --watch --json",
  "status --watch --exit-code",
  "logs --follow --json",
  "plan --format markdown --json",
  "lake query SELECT --csv --json",
  "invoke verify-delivery --event f --sample s",
  "lake compact --date 2026-01-01 --older-than 2d",
  "db import --from x --replace --check",
];
const SENSE = [
  "plan --local --port 5000",
  "local start --port 5000",
  "teardown --delete-data --skip-final-snapshot",
  "up --json --events f",
  "deploy-lambdas --rollback",
  "plan --format json --json",
  "outputs --json",
  "status --watch",
  "logs --follow --format json",
];

async function called(line: string): Promise<Called> {
  let found: Called | undefined;
  const program = buildProgram(() => async (...args) => {
    const command = args.at(-1) as { optsWithGlobals(): Called["flags"]; getOptionValueSource(name: string): string; name(): string };
    const options = args.at(-2) as Record<string, unknown>;
    const givenFormat = command.getOptionValueSource("format") === "cli" ? options.format : undefined;
    const flags = command.optsWithGlobals();
    found = {
      command: line.split(" ")[0] ?? "",
      options: { ...options, givenFormat },
      flags: { ...flags, local: flags.local === true },
      env: {},
    };
  });
  await program.parseAsync(line.split(" "), { from: "user" });
  return found as Called;
}

test.each(NONSENSE)("%s is refused", async (line) => {
  const it = await called(line);
  expect(() => refuseContradictions(it)).toThrow(expect.objectContaining({ code: "USAGE" }));
});
test.each(SENSE)("%s is accepted", async (line) => {
  const it = await called(line);
  expect(() => refuseContradictions(it)).not.toThrow();
});
test("every rule of the table refuses a line above", async () => {
  const all = await Promise.all(NONSENSE.map(called));
  expect(FLAG_RULES.filter(({ broken }) => !all.some(broken)).map(({ flags }) => flags.join(" "))).toEqual([]);
});
