import { SNS } from "@aws-sdk/client-sns";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CommandProcess, ProcessEnd } from "../fault-injection/kill/command.ts";
import { type CommandFixture, startFixture } from "../fault-injection/kill/fixture.ts";
import type { CallVerdict, Trap } from "../fault-injection/kill/proxy.ts";

/** The real command, ended by signals while it works. Each run continues where the run before was ended. */
const LONG = 120_000;
const pause = (ms: number) => new Promise((go) => setTimeout(go, ms));
let fixture: CommandFixture;
const lives = () => {
  beforeAll(async () => {
    fixture = await startFixture();
  });
  afterAll(() => fixture.close());
};

/** Runs `act` while the first call of this name is in flight. */
function during(
  name: string,
  act: (started: CommandProcess) => CallVerdict | Promise<CallVerdict>,
  args: readonly string[],
  trap: Partial<Trap> = {},
) {
  return fixture.start(args, {}, (started) => ({ name, nth: 1, before: () => act(started()), ...trap })).ended;
}
const made = (operation: string) => fixture.calls().filter((call) => call.operation === operation && call.effect).length;
const givesLockBack = (name: string) => /^s3 DELETE .*\.fleetlogix\/lock\.json/.test(name);

/** Waits until the command prints this text. Returns the output so far. */
async function saying({ child }: CommandProcess, text: string): Promise<void> {
  let output = "";
  await new Promise<void>((done) =>
    child.stderr?.on("data", (chunk) => {
      output += chunk;
      if (output.includes(text)) done();
    }),
  );
}

/** Sends the signal while this call is in flight and all other calls wait. Returns the calls that began after the signal. */
async function signalled(
  signal: NodeJS.Signals,
  name: string,
  args: readonly string[],
): Promise<{ end: ProcessEnd; late: readonly string[] }> {
  let before = 0;
  const act = async (started: CommandProcess): Promise<CallVerdict> => {
    started.child.kill(signal);
    await saying(started, "Stopping: calls in flight finish first");
    // Calls that were sent before the signal still arrive. None is answered meanwhile.
    for (let seen = -1; seen !== before; await pause(300)) [seen, before] = [before, fixture.proxy.calls().length];
    return "go on";
  };
  const end = await during(name, act, args, { alone: true });
  const late = fixture.proxy.calls().slice(before);
  return { end, late: late.map((call) => call.name).filter((one) => !givesLockBack(one)) };
}

describe("up", () => {
  lives();
  test.each([
    ["SIGINT", "dynamodb CreateTable", ["setup"]],
    // CreateTable does not fit here, because the run before may have had all four calls in flight.
    ["SIGTERM", "dynamodb UpdateContinuousBackups", ["setup", "--concurrency", "1"]],
    ["SIGHUP", "lambda POST /2015-03-31/functions", ["up"]],
  ] as const)(
    "%s at %s: calls in flight finish, no other call begins, the progress is printed, and the exit code is 130",
    { timeout: LONG },
    async (signal, name, args) => {
      const { end, late } = await signalled(signal, name, args);
      expect(late).toEqual([]);
      expect(end).toMatchObject({ code: 130, stdout: "" });
      expect(end.stderr).toMatch(/\d+ done, 0 failed, \d+ not started/);
      expect(end.stderr).toMatch(/INTERRUPTED .*\n.*again/);
      expect(end.stderr).not.toMatch(/\n\s+at /);
    },
  );

  test("a second SIGINT ends the run at once while a call hangs", { timeout: LONG }, async () => {
    const hang = async ({ child, ended }: CommandProcess): Promise<CallVerdict> => {
      child.kill("SIGINT");
      await pause(300);
      child.kill("SIGINT");
      // The call continues only when the process has ended.
      await ended;
      return "cut";
    };
    expect(await during("apigateway POST /restapis/<id>/deployments", hang, ["up"])).toMatchObject({ code: 130, signal: null });
  });

  test("with --json an interrupted run prints one document", { timeout: LONG }, async () => {
    const interrupt = ({ child }: CommandProcess): CallVerdict => {
      child.kill("SIGINT");
      return "go on";
    };
    const end = await during("apigateway POST /restapis/<id>/deployments", interrupt, ["up", "--json"]);
    expect(end).toMatchObject({ code: 130, stderr: "" });
    const document = JSON.parse(end.stdout);
    expect(document).toMatchObject({ command: "up", ok: false, error: { code: "INTERRUPTED" } });
    const statuses = document.changes.map((change: { status: string }) => change.status);
    expect(statuses).toContain("skipped");
  });

  test("after all interruptions one more run completes the stack, and nothing exists twice", { timeout: LONG }, async () => {
    expect(await fixture.run(["up"])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Done: /) });
    expect(await fixture.run(["up"])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Nothing to do: /) });
    expect(["CreateTable", "CreateFunction", "CreateDBInstance", "CreateRestApi"].map(made)).toEqual([4, 3, 1, 1]);
  });

  test.each(["stdout", "stderr"] as const)(
    "when nobody reads its %s any more, the run still finishes its work",
    { timeout: LONG },
    async (name) => {
      const sns = new SNS({ region: "us-east-1", endpoint: fixture.url, credentials: { accessKeyId: "other", secretAccessKey: "other" } });
      await sns.deleteTopic({ TopicArn: "arn:aws:sns:us-east-1:000000000000:fleetlogix-alerts" });
      const leave = ({ child }: CommandProcess): CallVerdict => {
        child[name]?.destroy();
        return "go on";
      };
      expect((await during("sns CreateTopic", leave, ["setup"])).code).toBe(0);
      expect(await fixture.run(["setup"])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Nothing to do: /) });
    },
  );

  test("an interrupted teardown lists the remaining resources, and a rerun continues", { timeout: LONG }, async () => {
    const interrupt = ({ child }: CommandProcess): CallVerdict => {
      child.kill("SIGINT");
      return "go on";
    };
    const end = await during("dynamodb DeleteTable", interrupt, ["teardown", "--yes", "--delete-data"], { nth: 2 });
    expect(end.code).toBe(130);
    expect(end.stdout + end.stderr).toMatch(/These resources remain and may cost money:[\s\S]*INTERRUPTED/);
    expect(await fixture.run(["teardown", "--yes", "--delete-data"])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Done: /) });
    const { stdout } = await fixture.run(["status", "--json"]);
    const { resources } = JSON.parse(stdout) as { resources: { id: string; state: string }[] };
    expect(resources.filter((r) => r.state !== "absent").map((r) => r.id)).toEqual(["api.account"]);
  });
});
