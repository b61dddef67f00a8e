import { FUNCTION_NAMES } from "../../../handlers/contract/functions.ts";
import type { App, Redeployer, Redeployment, RunOptions } from "../../app.ts";
import type { FunctionName } from "../../config/config.ts";
import type { Action, CommandContext } from "../context.ts";
import { toFailure } from "../failure.ts";
import { functionNames } from "../functions.ts";
import { widthOf } from "../render/layout.ts";
import { entryOf, prettyLine } from "../render/log-line.ts";
import { duration } from "../render/words.ts";
import { configOf, openAppFor } from "../session.ts";
import { toTypedCommands } from "../typed-commands.ts";
import { watchFolder } from "../watch-folder.ts";

const INTERRUPTED = 130;

/** `deploy-lambdas --watch`: deploys after each save below handlers/ and shows the logs of the functions, until Ctrl-C. */
export const watchFunctions: Action = async (run, [words], options) => {
  const { config } = configOf(run);
  const requested = functionNames((words as readonly string[] | undefined) ?? [], config);
  const names = requested.length > 0 ? requested : FUNCTION_NAMES;
  const policy: RunOptions = { adopt: options.adopt === true, allowDataLoss: [], wait: true };
  const app = await openAppFor(run, config);
  const redeployer = await app.redeployer(names);
  const saved = watchFolder(redeployer.folder, run.signal);
  const stopped = new Promise<void>((done) => run.signal.addEventListener("abort", () => done(), { once: true }));
  try {
    await deployed(run, () => redeployer.deploy(undefined, policy));
    printLine(run, `Watching ${redeployer.folder}; Ctrl-C ends it.`);
    await Promise.race([stopped, Promise.all([following(run, app, names), redeploying(run, redeployer, saved)])]);
  } finally {
    await redeployer.close();
  }
  return { json: undefined, text: "", exit: INTERRUPTED };
};
const printLine = (run: CommandContext, text: string) => run.voice.err.write(`${text}\n`);

async function redeploying(run: CommandContext, redeployer: Redeployer, saved: AsyncIterable<readonly string[]>): Promise<void> {
  for await (const files of saved) {
    printLine(run, run.paint.err("dim", `saved ${files.slice(0, 3).join(", ")}${files.length > 3 ? ` and ${files.length - 3} more` : ""}`));
    await deployed(run, () => redeployer.deploy(files));
  }
}

/** One deployment, reported in a line. An error of the compiler or a refusal is reported, too; the next save starts another deployment. */
async function deployed(run: CommandContext, work: () => Promise<Redeployment>): Promise<void> {
  const began = performance.now();
  try {
    const { ok, functions, error } = await work();
    if (!ok) throw error;
    const text = functions.length === 0 ? "nothing to deploy: the code is the same" : `deployed ${functions.join(", ")}`;
    printLine(run, `${run.paint.err("good", "✔")} ${text} in ${duration(performance.now() - began)}`);
  } catch (error) {
    if (run.signal.aborted) return;
    const { code, message, hint } = toFailure(error, false, (text) => toTypedCommands(text, run));
    printLine(run, `${run.paint.err("bad", `✖ ${code}`)}  ${message}\n  ${run.paint.err("dim", `nothing was deployed. ${hint}`)}`);
  }
}

async function following(run: CommandContext, app: App, names: readonly FunctionName[]): Promise<void> {
  for await (const line of app.logs(names, { sinceMs: 0, follow: true, pollMs: 500 })) {
    const entry = entryOf(line);
    if (run.signal.aborted) return;
    if (entry.isMetric || (entry.level === "debug" && !run.flags.verbose)) continue;
    run.voice.out.write(`${prettyLine(entry, run.paint.out, widthOf(run.io.stdout))}\n`);
  }
}
