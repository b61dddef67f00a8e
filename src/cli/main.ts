import { runCommand } from "./command.ts";

const { stdin, stdout, stderr, env } = process;
const code = await runCommand(process.argv.slice(2), { stdin, stdout, stderr, env, cwd: process.cwd(), script: process.argv[1] });
// What is still open (kept connections, timers of libraries) must not keep the command alive; what was said must get out first.
process.exitCode = code;
stdout.write("", () => stderr.write("", () => process.exit(code)));
