import { type Command, Help, InvalidArgumentError } from "commander";
import type { Act } from "./act.ts";

const MOST = 65_535;

export function dashboard(program: Command, act: Act): void {
  const action = act(async () => (await import("../commands/dashboard.ts")).dashboard);
  const command = program
    .command("dashboard")
    .description("the fleet on a live map in the browser, until Ctrl-C")
    .option("--port <n>", "port of the page (default: a free one); the local AWS's is in FLEETLOGIX_LOCAL_PORT", portNumber)
    .option("--no-open", "only print the address, open no browser")
    .option("--tiles <url>", "tile server for the map's background, such as https://tile.openstreetmap.org/{z}/{x}/{y}.png", tileTemplate)
    .action((...args: unknown[]) => {
      // Other commands have --port for the local AWS, as a flag of the program; here it is the port of the page.
      const options = args.at(-2) as Record<string, unknown>;
      options.port ??= program.getOptionValue("port");
      program.setOptionValue("port", undefined);
      return action(...args);
    });
  const everywhere = (of: Command) => Help.prototype.visibleGlobalOptions.call(Object.assign(new Help(), { showGlobalOptions: true }), of);
  command.configureHelp({
    ...command.configureHelp(),
    visibleGlobalOptions: (of) => everywhere(of).filter(({ long }) => long !== "--port"),
  });
}

function portNumber(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= MOST) return value;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${MOST}.`);
}
function tileTemplate(text: string): string {
  const isTemplate = ["{z}", "{x}", "{y}"].every((part) => text.includes(part)) && URL.canParse(text.replace("{s}", "a"));
  if (isTemplate && /^https?:/.test(text)) return text;
  throw new InvalidArgumentError("It must be an http or https URL with {z}, {x} and {y}.");
}
