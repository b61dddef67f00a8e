import type { App, LockHolder, ResourceStatus } from "../../app.ts";
import type { Action, CommandContext } from "../context.ts";
import { withSpinner } from "../progress.ts";
import { widthOf } from "../render/layout.ts";
import { statusText } from "../render/status.ts";
import { openCommandSession } from "../session.ts";
import { watched } from "../watch.ts";

const NOT_READY = 1;
const INTERRUPTED = 130;

interface Found {
  readonly resources: readonly ResourceStatus[];
  readonly lock: LockHolder | undefined;
}

/** The stack on one screen. `--exit-code`: 1 unless every resource is ready; active alarms do not count. */
export const status: Action = async (run, _args, options) => {
  const { app } = await openCommandSession(run);
  const text = (found: Found) => screenOf(run, app, found);
  if (options.watch === true) {
    const found = await watched(run, () => read(app), text);
    return { text: run.io.stdout.isTTY ? text(found) : "", json: undefined, exit: INTERRUPTED };
  }
  const found = await withSpinner(run, "Reading what is there", () => read(app));
  const { account, region } = app.place;
  const isReady = found.resources.every(({ condition }) => condition === "ready");
  return {
    text: text(found),
    json: { command: run.command, ok: true, stack: app.stack, account, region, resources: found.resources, lock: found.lock ?? null },
    exit: options.exitCode === true && !isReady ? NOT_READY : undefined,
  };
};

async function read(app: App): Promise<Found> {
  const [resources, lock] = await Promise.all([app.status(), app.lockHolder()]);
  return { resources, lock };
}

function screenOf(run: CommandContext, { stack, place }: App, { resources, lock }: Found): string {
  const style = { paint: run.paint.out, width: widthOf(run.io.stdout), now: Date.now(), all: run.flags.verbose };
  return statusText({ stack, account: place.account, region: place.region, resources, lock }, style);
}
