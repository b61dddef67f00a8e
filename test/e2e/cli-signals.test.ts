import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Ended } from "../../scripts/kill/command.ts";
import type { Fate } from "../../scripts/kill/proxy.ts";
import { makeWorld, type World } from "../../scripts/kill/world.ts";

/** The real command, ended from outside in the middle of its work, and run again. */
const LONG = 120_000;
const DURING = { name: "dynamodb CreateTable", nth: 2 };
let world: World;
beforeEach(async () => {
  world = await makeWorld();
});
afterEach(() => world.close());

/** `act` happens while a writing call is on its way. */
function during(act: (send: (signal: NodeJS.Signals) => void, ended: Promise<Ended>) => Promise<Fate>, ...args: string[]) {
  return world.start(args, {}, (started) => ({
    ...DURING,
    before: () => act((signal) => void started().child.kill(signal), started().ended),
  })).ended;
}
const made = (operation: string) => world.calls().filter((call) => call.operation === operation && call.effect).length;

async function completes(): Promise<void> {
  expect(await world.run(["up"])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Done: /) });
  expect(await world.run(["up"])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Nothing to do: /) });
  expect(made("CreateTable")).toBe(4);
  expect(made("CreateFunction")).toBe(3);
}

describe("up", () => {
  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "%s: the call on its way is finished, no other begins, it says where it stands and ends with 130",
    { timeout: LONG },
    async (signal) => {
      let before = 0;
      const end = await during(
        async (send) => {
          send(signal);
          before = world.proxy.calls().filter((call) => call.write).length;
          // Long enough for a run that pays no attention to begin something new.
          await new Promise((go) => setTimeout(go, 500));
          return "go on";
        },
        "up",
        "--concurrency",
        "1",
      );
      expect(end).toMatchObject({ code: 130, stdout: "" });
      expect(end.stderr).toContain("Stopping: calls in flight finish first");
      expect(end.stderr).toMatch(/\d+ done, 0 failed, \d+ not started/);
      expect(end.stderr).toMatch(/INTERRUPTED .*\n.*again/);
      expect(end.stderr).not.toMatch(/\n\s+at /);
      expect(world.proxy.calls().filter((call) => call.write).length).toBeLessThanOrEqual(before + 1);
      await completes();
    },
  );

  test("a second SIGINT ends it at once, though a call hangs", { timeout: LONG }, async () => {
    const end = await during(async (send, ended) => {
      send("SIGINT");
      await new Promise((go) => setTimeout(go, 300));
      send("SIGINT");
      // Only the process's end sets the call free.
      await ended;
      return "cut";
    }, "up");
    expect(end).toMatchObject({ code: 130, signal: null });
    await completes();
  });

  test("with --json an interrupted run is one document, too", { timeout: LONG }, async () => {
    const end = await during(
      async (send) => {
        send("SIGINT");
        return "go on";
      },
      "up",
      "--json",
    );
    expect(end).toMatchObject({ code: 130, stderr: "" });
    const document = JSON.parse(end.stdout);
    expect(document).toMatchObject({ command: "up", ok: false, error: { code: "INTERRUPTED" } });
    const statuses = document.changes.map((change: { status: string }) => change.status);
    expect(statuses).toContain("skipped");
    await completes();
  });

  test.each(["stdout", "stderr"] as const)("nobody reads its %s any more: it finishes its work", { timeout: LONG }, async (name) => {
    const started = world.start(["up"], {}, (run) => ({
      ...DURING,
      before: () => {
        run().child[name]?.destroy();
        return "go on";
      },
    }));
    expect((await started.ended).code).toBe(0);
    expect(await world.run(["up"])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Nothing to do: /) });
  });
});

test("a teardown that was interrupted says what is left; run again, it goes on", { timeout: LONG }, async () => {
  await world.run(["up", "--quiet"]);
  const end = await world.start(["teardown", "--yes", "--delete-data"], {}, (started) => ({
    name: "dynamodb DeleteTable",
    nth: 2,
    before: () => {
      started().child.kill("SIGINT");
      return "go on";
    },
  })).ended;
  expect(end.code).toBe(130);
  expect(end.stdout + end.stderr).toMatch(/Still there, and may cost money:[\s\S]*INTERRUPTED/);
  expect(await world.run(["teardown", "--yes", "--delete-data"])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Done: /) });
  const { stdout } = await world.run(["status", "--json"]);
  const { resources } = JSON.parse(stdout) as { resources: { id: string; state: string }[] };
  expect(resources.filter((r) => r.state !== "absent").map((r) => r.id)).toEqual(["api.account"]);
});
