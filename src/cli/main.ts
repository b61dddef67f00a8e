import { runCommand } from "./command.ts";

/** The process: its words, streams and environment in, its exit code out. */
export async function main(): Promise<void> {
  const { stdin, stdout, stderr, env } = process;
  const code = await runCommand(process.argv.slice(2), { stdin, stdout, stderr, env, cwd: process.cwd(), script: process.argv[1] });
  // Kept connections and timers of libraries must not keep the command alive; its output must get out first.
  process.exitCode = code;
  stdout.write("", () => stderr.write("", () => process.exit(code)));
}
