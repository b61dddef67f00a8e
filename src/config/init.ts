import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { FleetlogixError } from "../errors.ts";

/** Answers to the questions of `config init`. */
export interface InitAnswers {
  readonly region: string;
  readonly hardening: string;
  /** E-mail addresses that get the alerts. */
  readonly emails: readonly string[];
  readonly language: string;
}
export const USUAL_ANSWERS: InitAnswers = { region: "us-east-1", hardening: "development", emails: [], language: "es" };

/** Text of a first file: the settings that users change first, with default values. It has no names: they would be the same in each environment. */
export function initialFile(schemaReference: string, answers: InitAnswers = USUAL_ANSWERS): string {
  const content = {
    $schema: schemaReference,
    project: "FleetLogix",
    environment: "dev",
    region: answers.region,
    hardening: answers.hardening,
    database: { allowedCidrs: "auto" },
    alerts: { deviationThresholdKm: 2, renotifyMinutes: 15, emails: answers.emails, sms: [], language: answers.language },
    api: { auth: "apiKey", corsOrigins: [] },
    tags: {},
    environments: {},
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

/** Writes `content` as a new file. USAGE when the file exists; FOLDER_UNWRITABLE when it cannot be written. */
export function writeNewFile(path: string, content: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content, { flag: "wx" });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EEXIST") {
      throw new FleetlogixError("USAGE", `${path} exists already and was not changed.`, {
        hint: "Remove it first, or name another file with --config.",
        cause,
      });
    }
    throw new FleetlogixError("FOLDER_UNWRITABLE", `${path} cannot be written: ${(cause as Error).message}.`, {
      hint: "Choose a folder that you may write to, with --config FILE.",
      cause,
    });
  }
}
