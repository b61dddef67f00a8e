import { buildProgram } from "./program.ts";

/** Columns of the prepared help: what a pipe and a plain terminal get. */
const WIDTH = 80;

/** What `fleetlogix --help` prints where the output has no width of its own. */
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
