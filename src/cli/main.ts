import { FleetlogixError } from "../errors.ts";
import { runCommand } from "./command.ts";

/** The process: its words, streams and environment in, its exit code out. */
export async function main(): Promise<void> {
  const { stdin, stdout, stderr, env } = process;
  const script = process.argv[1];
  const code = await runCommand(process.argv.slice(2), {
    ...{ stdin, stdout, stderr, env, script },
    // Asked for late: what needs no folder works in one that is gone.
    get cwd() {
      return currentFolder();
    },
  });
  // Kept connections and timers of libraries must not keep the command alive; its output must get out first.
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
