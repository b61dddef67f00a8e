import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { FleetlogixError } from "../errors.ts";

/** What is asked before the first file is written. */
export interface InitAnswers {
  readonly region: string;
  readonly hardening: string;
  /** Who hears of deviations. */
  readonly emails: readonly string[];
  readonly language: string;
}
export const USUAL_ANSWERS: InitAnswers = { region: "us-east-1", hardening: "development", emails: [], language: "es" };

/** A first file: what people change first, with the defaults' values; names are left out so that environments can differ. */
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

/** Writes `content` as a new file. USAGE when something is there already; FOLDER_UNWRITABLE when the folder refuses. */
export function writeNewFile(path: string, content: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content, { flag: "wx" });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EEXIST") {
      throw new FleetlogixError("USAGE", `${path} exists already; it was left as it is.`, {
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
