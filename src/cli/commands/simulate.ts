import { noApiYet } from "../../app/not-deployed.ts";
import { FleetlogixError } from "../../errors.ts";
import { caller, drive } from "../../simulate/drive.ts";
import { makePlan, type Settings } from "../../simulate/plan.ts";
import { countersOf, lineOf, newTally, numbersOf, type Tally } from "../../simulate/report.ts";
import { differencesOf } from "../../simulate/verify.ts";
import type { Action, CommandContext } from "../context.ts";
import { toErrorJson, toFailure } from "../failure.ts";
import { isLive } from "../progress.ts";
import { cut, widthOf } from "../render/layout.ts";
import { simulationText } from "../render/simulation.ts";
import { openCommandSession } from "../session.ts";
import { toTypedCommands } from "../typed-commands.ts";

const LINE_EVERY_MS = 5_000;
const REDRAW_EVERY_MS = 200;

/** Sends the messages of a fleet to the API, then compares the state of the back end with the model. */
export const simulate: Action = async (run, _, options) => {
  const { app, config } = await openCommandSession(run);
  const { api_url: url, api_key: key } = await app.outputs({ secrets: true, only: ["api_url", "api_key"] });
  if (!url) throw noApiYet();
  const beganMs = Date.now();
  const plan = makePlan({ ...(options as unknown as Settings), confirmFixes: config.alerts.confirmFixes }, beganMs);
  const tally = newTally();
  const sign = config.api.auth === "iam" ? app.signCall : undefined;
  const call = caller({ url, key: key?.reveal(), sign, rate: plan.rate, signal: run.signal }, tally);
  const lost = plan.trips.reduce((sum, trip) => sum + trip.lost, 0);
  const seconds = Math.ceil((plan.steps * plan.stepMs) / 1000);
  run.note(`${plan.trips.length} vehicles for about ${seconds} s`);
  await watched(run, tally, () => drive(plan, call, tally, run.signal));
  run.note("Comparing the state of the back end with the messages…");
  const numbers = { vehicles: plan.trips.length, lost, ...numbersOf(tally) };
  const counters = [...countersOf(tally), ...(lost > 0 ? [`${lost} lost on the way, as planned`] : [])];
  return answer(run, numbers, counters, [...tally.errors, ...(await differencesOf(plan, call, { beganMs }))]);
};

function answer(run: CommandContext, numbers: object, counters: readonly string[], differences: readonly string[]) {
  const ok = differences.length === 0;
  const failure = new FleetlogixError(
    "VERIFY_FAILED",
    `${differences.length} differences between the state of the back end and the messages.`,
    {
      hint: "The lines above name the differences; `fleetlogix logs` shows the logs of the functions.",
    },
  );
  return {
    text: simulationText(counters, differences, widthOf(run.io.stdout)),
    json: {
      command: run.command,
      ok,
      ...numbers,
      differences,
      error: ok ? null : toErrorJson(toFailure(failure, false, (text) => toTypedCommands(text, run))),
    },
    failure: ok ? undefined : failure,
  };
}

/** Shows the counters during `work`: one updating line in a terminal, elsewhere a line at intervals. */
async function watched(run: CommandContext, tally: Tally, work: () => Promise<void>): Promise<void> {
  if (run.flags.json || run.flags.quiet) return work();
  const live = isLive(run);
  // A wrapped line could not be overwritten.
  const fitting = () => cut(lineOf(tally), (run.io.stderr.columns ?? 80) - 1);
  const show = () => (live ? run.io.stderr.write(`\r${fitting()}\u001b[K`) : run.note(lineOf(tally)));
  const timer = setInterval(show, live ? REDRAW_EVERY_MS : LINE_EVERY_MS);
  try {
    await work();
  } finally {
    clearInterval(timer);
    if (live) run.io.stderr.write("\r\u001b[K");
  }
}
