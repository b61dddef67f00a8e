import { existsSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import type { Rule } from "../../config/complaint.ts";
import { CONFIG_FILE } from "../../config/home.ts";
import { type InitAnswers, initialFile, USUAL_ANSWERS, writeNewFile } from "../../config/init.ts";
import { validateConfig } from "../../config/load.ts";
import { email } from "../../config/names.ts";
import { choiceHint } from "../../config/one-of.ts";
import { regionComplaint } from "../../config/regions.ts";
import { jsonSchema } from "../../config/schema.ts";
import { askFor } from "../confirm.ts";
import type { Action, CommandContext } from "../context.ts";
import { nextCommand } from "../next-command.ts";
import { canAsk } from "../progress.ts";
import { widthOf, wrapped } from "../render/layout.ts";
import { settingsText, validText } from "../render/settings.ts";
import { configOf } from "../session.ts";
import { packageFolder, version } from "../version.ts";

export const init: Action = async (run) => {
  const path = resolve(run.io.cwd, run.flags.config ?? CONFIG_FILE);
  const answers = canAsk(run) && !run.flags.yes && !existsSync(path) ? await askAnswers(run) : USUAL_ANSWERS;
  writeNewFile(path, initialFile(schemaReference(path), answers));
  const next = nextCommand(run, "up", "--local");
  return {
    text: [
      `Wrote ${path}. Everything in it may be left out.`,
      `\`${nextCommand(run, "config", "show")}\` prints all settings; \`${next}\` makes the stack in the local AWS.`,
    ]
      .flatMap((line) => wrapped(line, widthOf(run.io.stdout)))
      .join("\n"),
    json: { command: run.command, ok: true, file: path },
  };
};

/** Asks four questions; Enter accepts the value in brackets. */
async function askAnswers(run: CommandContext): Promise<InitAnswers> {
  const { region, hardening, language } = USUAL_ANSWERS;
  const emails = (text: string) => text.split(/[\s,]+/).filter(Boolean);
  const complaintOf = (texts: readonly string[], rule: Rule<string>) => {
    const complaint = texts.map(rule).find(Boolean);
    return complaint && `${complaint.message} ${complaint.remedy}`;
  };
  const choice = (what: string, usual: string, words: readonly string[]) =>
    askFor(run, {
      question: `${what}: ${words.join(" or ")}`,
      usual,
      complaint: (text) => (words.includes(text) ? undefined : `There is no ${JSON.stringify(text)} here. ${choiceHint(text, words)}`),
    });
  return {
    region: await askFor(run, { question: "AWS region", usual: run.flags.region ?? region, complaint: regionComplaint }),
    hardening: await choice("Hardening", hardening, ["development", "production"]),
    emails: emails(
      await askFor(run, {
        question: "E-mail addresses that hear of deviations (none: Enter)",
        usual: "",
        complaint: (text) => complaintOf(emails(text), email),
      }),
    ),
    language: await choice("Language of these mails", language, ["es", "en"]),
  };
}

/** Path or URL of the schema for editors: in the package below the folder of the file (a clone, or node_modules), otherwise the published one. */
function schemaReference(file: string): string {
  const schema = relative(dirname(file), join(packageFolder(), "docs", "fleetlogix.schema.json"));
  const isBelow = !schema.startsWith("..") && existsSync(resolve(dirname(file), schema));
  return isBelow ? `./${schema.replaceAll("\\", "/")}` : `https://unpkg.com/fleetlogix@${version()}/docs/fleetlogix.schema.json`;
}

export const validate: Action = async (run) => {
  const { config: file, env, region } = run.flags;
  const checked = validateConfig({ file, env, region, cwd: run.io.cwd, variables: run.io.env });
  for (const note of checked.notes) run.warn(note);
  return {
    text: validText(checked.file, CONFIG_FILE, checked.environments, widthOf(run.io.stdout)),
    json: { command: run.command, ok: true, file: checked.file ?? null, environments: checked.environments },
  };
};

export const show: Action = async (run) => {
  const { config, file, origins } = configOf(run);
  const { suffix: _, ...settings } = config;
  return {
    text: settingsText(settings, origins, widthOf(run.io.stdout)),
    json: { command: run.command, ok: true, file: file ?? null, config: settings, origins: Object.fromEntries(origins) },
  };
};
export const schema: Action = async () => {
  const json = jsonSchema();
  return { text: JSON.stringify(json, null, 2), json };
};
