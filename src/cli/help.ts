import { buildProgram } from "./program.ts";

/** Columns of the prepared help, for pipes and for terminals of unknown width. */
const WIDTH = 80;

/** Text of `fleetlogix --help` for an output without a width. */
export function helpText(): string {
  let text = "";
  const program = buildProgram(() => async () => {});
  program.configureOutput({
    writeOut: (part) => {
      text += part;
    },
    getOutHelpWidth: () => WIDTH,
    getOutHasColors: () => false,
  });
  program.outputHelp();
  return text;
}
