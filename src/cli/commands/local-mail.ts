import { FleetlogixError } from "../../errors.ts";
import type { Action, CommandContext } from "../context.ts";
import { localDataDir } from "../local-aws.ts";
import { nextCommand } from "../next-command.ts";
import { widthOf, wrapped } from "../render/layout.ts";
import { type Mail, mailText } from "../render/mail.ts";
import { configOf } from "../session.ts";
import { localPort } from "../target.ts";

/** Lists the e-mails and SMS that AWS would have sent. */
export const mail: Action = async (run) => {
  const { statusLocal } = await import("../../local/daemon/control.ts");
  const { url } = await statusLocal({ dataDir: localDataDir(run), port: localPort(run.flags, run.io.env).port });
  if (!url)
    throw new FleetlogixError("LOCAL_NOT_RUNNING", "The local AWS is not running.", { hint: "Start it with `fleetlogix local start`." });
  const response = await fetch(`${url}/_local/mail`, { signal: run.signal });
  const mails = (await response.json()) as readonly Mail[];
  const text = mails.length > 0 ? mailText(mails, run.paint.out, widthOf(run.io.stdout)) : whyEmpty(run);
  return { text, json: { command: run.command, ok: true, mails } };
};

/** The next step where there are no messages: add a recipient, or send an event. */
function whyEmpty(run: CommandContext): string {
  const { alerts, alarms } = configOf(run).config;
  const lines = (text: string) => wrapped(text, widthOf(run.io.stdout));
  const people = [...alerts.emails, ...alerts.sms, ...alarms.emails];
  if (people.length === 0) {
    return [
      ...lines("No mail yet: the configuration names no recipient. Add one to fleetlogix.config.json, for instance"),
      '  { "alerts": { "emails": ["dispatch@example.com"] } }',
      "and then run",
      `  ${nextCommand(run, "up", "--local")}`,
    ].join("\n");
  }
  return [
    ...lines(`No mail yet: there was no event about which to write to ${people.join(", ")}.`),
    ...lines("A vehicle that leaves its route causes a mail. This command simulates a fleet with such vehicles:"),
    `  ${nextCommand(run, "simulate", "--local")}`,
  ].join("\n");
}
