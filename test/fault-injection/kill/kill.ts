import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { joinReports, openReport, type Report } from "../report.ts";
import { sample } from "../sample.ts";
import { keptData } from "./kept-data.ts";
import { makeReference } from "./reference.ts";
import { scenariosOf } from "./scenarios.ts";

export interface KillOptions {
  /** The number of scenarios, chosen by the seed; default: all. */
  readonly sample?: number | undefined;
  readonly seed: number;
  /** Scenarios at once. */
  readonly lanes: number;
  /** Only scenarios whose name this regular expression finds; default: all. */
  readonly only?: string | undefined;
  /** Also with a real PostgreSQL whose data a teardown keeps. */
  readonly keptData: boolean;
  readonly print: (line: string) => void;
}

/** Kills the real command at every writing call, before AWS gets it and after it took effect, and runs it again. */
export async function killEverywhere(options: KillOptions): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), "kill-up-"));
  try {
    const reference = await makeReference(join(folder, "data"));
    const all = scenariosOf(reference).filter(({ name }) => options.only === undefined || new RegExp(options.only).test(name));
    const chosen = sample(all, options.sample, options.seed);
    const { play, report } = openReport(chosen.length, options.print);
    const queue = chosen.values();
    const lane = async (): Promise<void> => {
      for (const scenario of queue) {
        options.print(scenario.name);
        await play(scenario.name, (check) => scenario.play(reference, check));
      }
    };
    await Promise.all(Array.from({ length: options.lanes }, lane));
    return options.keptData ? joinReports([report(), await keptData(options)]) : report();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
