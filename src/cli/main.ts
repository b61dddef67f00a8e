import { FleetlogixError } from "../errors.ts";
import { runCommand } from "./command.ts";

/** Runs the command of this process and sets its exit code. */
export async function main(): Promise<void> {
  const { stdin, stdout, stderr, env } = process;
  const script = process.argv[1];
  const code = await runCommand(process.argv.slice(2), {
    ...{ stdin, stdout, stderr, env, script },
    // Read when it is needed: a command that needs no folder also works in a deleted one.
    get cwd() {
      return currentFolder();
    },
  });
  // Open connections and timers of libraries must not keep the process alive. Its output is written first.
  process.exitCode = code;
  stdout.write("", () => stderr.write("", () => process.exit(code)));
}

function currentFolder(): string {
  try {
    return process.cwd();
  } catch (cause) {
    throw new FleetlogixError("FOLDER_GONE", "The current folder does not exist any more.", { hint: "Change to another one.", cause });
  }
}
