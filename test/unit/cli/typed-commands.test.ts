import { expect, test } from "vitest";
import type { CommandContext } from "../../../src/cli/context.ts";
import { toTypedCommands } from "../../../src/cli/typed-commands.ts";

interface Called {
  readonly argv: string;
  readonly command?: string;
  readonly flags?: Partial<CommandContext["flags"]>;
  readonly reached?: CommandContext["reached"];
  readonly env?: Record<string, string>;
}
const said = (text: string, { argv, command = "up", flags = {}, reached = {}, env = {} }: Called) =>
  toTypedCommands(text, {
    command,
    argv: argv.split(" "),
    flags,
    reached,
    io: { env, cwd: "/home/ada", script: "/usr/bin/fleetlogix" },
  } as unknown as CommandContext);

const LOCAL = { local: true, endpoint: "http://127.0.0.1:4566", region: "us-east-1" };
const npx = { npm_command: "exec" };

test.each<[hint: string, called: Called, typed: string]>([
  ["`fleetlogix status`", { argv: "up --local", flags: { local: true }, env: npx }, "`npx fleetlogix status --local`"],
  [
    "`fleetlogix status --region eu-west-1`",
    { argv: "up", flags: { region: "us-east-1", env: "staging" } },
    "`fleetlogix status --region eu-west-1 --env staging`",
  ],
  [
    "`fleetlogix local start`",
    { argv: "up --local", flags: { local: true, config: "a b.json" } },
    "`fleetlogix local start --config 'a b.json'`",
  ],
  ["`fleetlogix config init`", { argv: "up", flags: { local: true, config: "x.json" } }, "`fleetlogix config init --config x.json`"],
  ["`--adopt`", { argv: "setup --local --no-wait", flags: { local: true } }, "`fleetlogix setup --local --no-wait --adopt`"],
  ["`--region eu-west-1`", { argv: "up --region us-east-1 --yes" }, "`fleetlogix up --yes --region eu-west-1`"],
  ["`--region eu-west-1`", { argv: "up --region=us-east-1 --dry-run" }, "`fleetlogix up --region eu-west-1`"],
  ["`--allow-data-loss a`", { argv: "up --allow-data-loss b" }, "`fleetlogix up --allow-data-loss b --allow-data-loss a`"],
  ["`--adopt`", { argv: "plan --json", command: "plan", flags: { profile: "p" } }, "`fleetlogix up --adopt --profile p`"],
  ["`--allow-data-loss a`", { argv: "plan --adopt", command: "plan" }, "`fleetlogix up --adopt --allow-data-loss a`"],
  [
    "`aws rds describe-events`",
    { argv: "up", reached: { region: "eu-west-1" }, flags: { profile: "p" } },
    "`aws rds describe-events --region eu-west-1 --profile p`",
  ],
  [
    "`aws ec2 create-default-vpc --region eu-west-1`",
    { argv: "up", reached: { region: "us-east-1" } },
    "`aws ec2 create-default-vpc --region eu-west-1`",
  ],
  ["`aws sso login`", { argv: "up", reached: { region: "us-east-1" }, flags: { profile: "p" } }, "`aws sso login --profile p`"],
  [
    "`aws lambda list-functions`",
    { argv: "up --local", reached: LOCAL },
    "`AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local aws lambda list-functions --endpoint-url http://127.0.0.1:4566 --region us-east-1`",
  ],
  ["what `up` does and `database.storageGb` says", { argv: "up" }, "what `up` does and `database.storageGb` says"],
])("%s of %o", (hint, called, typed) => {
  expect(said(hint, called)).toBe(typed);
});
