import { spawn } from "node:child_process";
import type { Action, CommandContext } from "../context.ts";
import { isLive } from "../progress.ts";
import { openCommandSession } from "../session.ts";

const INTERRUPTED = 130;

/** Serves the page until a signal. With --json the document is printed at the beginning. */
export const dashboard: Action = async (run, _, options) => {
  const { port: wanted, tiles, open } = options as { port?: number; tiles?: string; open: boolean };
  const { app } = await openCommandSession(run);
  const { url, onceUrl, port, ended } = await app.dashboard({ port: wanted, tiles });
  const document = { command: run.command, ok: true, url, port, stack: app.stack, error: null };
  const json = () => JSON.stringify(document, null, run.io.stdout.isTTY ? 2 : undefined);
  run.voice.out.write(run.flags.json ? `${json()}\n` : `The dashboard of ${app.stack} is at\n  ${url}\n`);
  run.note("The link lets in whoever has it, from this computer only. Ctrl-C ends it.");
  if (open && isLive(run) && !run.flags.json) openBrowser(run, onceUrl);
  await ended;
  return { json: undefined, exit: run.signal.reason === "signal" ? INTERRUPTED : undefined };
};

/** Programs that open a URL in the user's browser. */
const OPENERS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  darwin: ["open"],
  win32: ["rundll32", "url.dll,FileProtocolHandler"],
};
const OPENER = ["xdg-open"] as const;

/** Ignores errors: without a browser the user has the printed URL. */
function openBrowser(run: CommandContext, url: string): void {
  const [program, ...args] = OPENERS[process.platform] ?? OPENER;
  const child = spawn(program, [...args, url], { stdio: "ignore", detached: true });
  child.on("error", () => run.note("No browser could be opened: open the address yourself."));
  child.unref();
}
